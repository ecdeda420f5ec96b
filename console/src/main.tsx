import { render } from "preact";
import { App } from "./app";
import { PORTAL, PortalApp } from "./pages/portal/portal-app";
import { beginSession } from "./session";
import "./styles/index.css";

const place = document.getElementById("app");
if (place) {
  if (`${location.pathname}/`.startsWith(`${PORTAL}/`)) {
    render(<PortalApp />, place);
  } else {
    void beginSession();
    render(<App />, place);
  }
}
