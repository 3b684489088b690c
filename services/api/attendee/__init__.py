"""What an attendee's page asks: profile, inbox, answers, accounts, devices, own data."""
