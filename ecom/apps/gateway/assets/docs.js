// The API's pages, drawn by Swagger UI from the document that this host serves.
SwaggerUIBundle({ url: "/openapi.json", dom_id: "#docs", deepLinking: true, validatorUrl: null });
