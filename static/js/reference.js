// The API reference: Swagger UI, with the page's own CSRF token on requests that change something.
import { find } from "./ui.js";

const settings = JSON.parse(find("#reference-settings").textContent);
window.SwaggerUIBundle({
  url: settings.url,
  dom_id: "#swagger-ui",
  deepLinking: true,
  defaultModelsExpandDepth: 0,
  presets: [window.SwaggerUIBundle.presets.apis],
  layout: "BaseLayout",
  requestInterceptor: (call) => {
    call.headers["X-CSRFToken"] = document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1] ?? "";
    return call;
  },
});
