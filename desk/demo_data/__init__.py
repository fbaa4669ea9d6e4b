"""Made-up organizations, pools and a year of jobs with their money: what large installations are tried with."""
