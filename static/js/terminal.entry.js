import "@xterm/xterm/css/xterm.css";
import "./terminal/terminal.css";

import { TerminalElement } from "./terminal/element.js";
import { allowStylesOfScripts } from "./terminal/styles.js";

allowStylesOfScripts();
customElements.define("portside-terminal", TerminalElement);
