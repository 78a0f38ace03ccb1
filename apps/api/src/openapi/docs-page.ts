/** The page at /api/docs. Everything it loads is named here with a path of our own origin: its policy allows nothing else. */
export const DOCS_HTML = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>Recrate API</title>
    <link rel="icon" type="image/png" href="/api/docs/favicon-32x32.png" />
    <link rel="stylesheet" href="/api/docs/swagger-ui.css" />
    <link rel="stylesheet" href="/api/docs/index.css" />
  </head>
  <body>
    <div id="swagger-ui"></div>
    <script src="/api/docs/swagger-ui-bundle.js"></script>
    <script src="/api/docs/swagger-ui-standalone-preset.js"></script>
    <script src="/api/docs/start.js"></script>
  </body>
</html>
`;

/** Starts the page. `validatorUrl: null`: without it every document is sent to a validator on the internet. */
export const DOCS_SCRIPT = `SwaggerUIBundle({
  dom_id: '#swagger-ui',
  urls: [
    { name: 'Everything', url: '/api/openapi.json' },
    { name: 'Stores', url: '/api/openapi/tenant.json' },
    { name: "Platform's operator", url: '/api/openapi/platform.json' },
  ],
  presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset],
  layout: 'StandaloneLayout',
  deepLinking: true,
  displayOperationId: true,
  docExpansion: 'list',
  showExtensions: true,
  tagsSorter: 'alpha',
  validatorUrl: null,
});
`;
