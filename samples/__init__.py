"""Samples that stand in the checkout only, never in the wheel."""
