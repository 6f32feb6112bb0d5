// A file of its own, since the page's policy allows no script within it.
SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#reference",
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  // Nothing is sent to anybody else's validator.
  validatorUrl: null,
});
