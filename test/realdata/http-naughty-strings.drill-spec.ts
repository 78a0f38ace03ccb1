// Every string to every route; the end-to-end tests send most routes a share of them.
process.env['EVERY_STRING'] = 'yes';
await import('./http-naughty-strings.e2e-spec.js');

export {};
