"""Paying for credits through a provider: what any of them has to do, whatever its name."""
