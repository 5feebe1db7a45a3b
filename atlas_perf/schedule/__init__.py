"""When load is due, as pure arithmetic: shares, ramps, phases, arrivals."""
