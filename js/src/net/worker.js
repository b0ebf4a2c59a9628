// The Worker: answers one request after the other. Bundled as a text into the widgets that need it.
import { serve } from "../shared/remote.js";
import { server } from "./serve.js";

serve(server);
