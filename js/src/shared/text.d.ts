// A module and all it needs, bundled, as a text: see build.mjs.
declare module "text:*" {
  const code: string;
  export default code;
}
