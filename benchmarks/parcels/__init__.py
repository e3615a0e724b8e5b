"""A tenant app that exists for the benchmarks alone: a desk where parcels are kept."""
