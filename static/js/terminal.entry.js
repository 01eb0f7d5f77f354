import "@xterm/xterm/css/xterm.css";
import "./terminal/terminal.css";

import { TerminalElement } from "./terminal/element.js";
import { RecordingElement } from "./terminal/player.js";
import { allowStylesOfScripts } from "./terminal/styles.js";

allowStylesOfScripts();
customElements.define("portside-terminal", TerminalElement);
customElements.define("portside-recording", RecordingElement);
