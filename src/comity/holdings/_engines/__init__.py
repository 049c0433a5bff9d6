"""How holdings are kept. Known to `comity.holdings` alone, which opens them by their URL."""
