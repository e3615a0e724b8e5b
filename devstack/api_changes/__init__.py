"""Which changes of the OpenAPI documents clients would feel, and which only add to what there is."""
