"""Other people's networks: what an account shows to everybody there, read through addresses that may be asked."""
