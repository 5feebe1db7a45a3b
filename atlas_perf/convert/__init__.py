"""Scenario files written from what others know of a service: a browser's recording, an OpenAPI
description. A reader (`har`, `openapi`) gives a `Conversion`; `scenario_text` writes it down."""
