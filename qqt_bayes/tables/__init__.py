"""What comes in: tables of runs, compositions, pools and parameters, read and checked once."""
