"""A small shop that installs wechat_subsidies; `make demo` runs it."""
