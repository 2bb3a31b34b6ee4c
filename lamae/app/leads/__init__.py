"""The Leads page: codes from fewer leads."""
