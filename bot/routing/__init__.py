"""What a route refers to: Services, endpoints, addresses and nativeLB."""
