"""Dead letters over HTTP: listed without what their senders wrote, shown, sent again."""
