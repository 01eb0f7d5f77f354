// What every page needs.
import "./htmx.js";
import "./live.js";
import "./toasts.js";
import "./filter.js";
import "./copy.js";
import "./sort.js";
import "./bulk.js";
import "./keys.js";
import "./palette.js";
import "./details.js";
