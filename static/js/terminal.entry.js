import "@xterm/xterm/css/xterm.css";
import "./terminal/terminal.css";

import { TerminalElement } from "./terminal/element.js";

customElements.define("portside-terminal", TerminalElement);
