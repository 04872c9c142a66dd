"""The recipe that was measured, as an endpoint in OpenAI's protocol: small first, a larger one where it is not sure."""
