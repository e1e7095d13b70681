"""What Osler costs: CPU per request, throughput and latency, beside the limits of the same machine in the same minute."""
