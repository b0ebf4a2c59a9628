// The Worker: answers one question after the other. Bundled as a text into the widget.
import { serve } from "../shared/remote.js";
import { server } from "./serve.js";

serve(server);
