"""A mall with combined orders (合单): one checkout, one WeChat transaction for each seller."""
