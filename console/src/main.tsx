import { render } from "preact";
import { App } from "./app";
import { loadSession } from "./session";
import "./styles/index.css";

const place = document.getElementById("app");
if (place) {
  void loadSession();
  render(<App />, place);
}
