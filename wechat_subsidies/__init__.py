"""Cancel WeChat Pay e-commerce subsidies (取消补差) of refunded orders from Django."""

__version__ = "0.1.0"
