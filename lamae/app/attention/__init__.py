"""The Attention page: lead attention of one ECG and of many."""
