"""Routes of the attendee's page: profile, inbox, answers, accounts, devices, data export."""
