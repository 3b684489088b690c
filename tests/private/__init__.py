"""What one does in private shows in nothing that anybody else gets: attacks, and the law behind them."""
