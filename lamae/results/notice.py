"""What every page, report and command says of itself."""

NOTICE = "Research use only, not a medical device"
