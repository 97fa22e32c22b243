"""An inn with two kinds of orders, and three admin sites that have different pages."""
