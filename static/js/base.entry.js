// What every page needs.
import "./htmx.js";
import "./live.js";
import "./toasts.js";
import "./filter.js";
import "./copy.js";
