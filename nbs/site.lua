-- The head of every page: its address for those who share it, and the fonts that its first screen needs, before the style sheets
-- that ask for them.

local FONTS = { "inter/inter-latin-wght-normal.woff2", "jetbrains-mono/jetbrains-mono-latin-wght-normal.woff2" }

-- The site's address, as _quarto.yml gives it; Quarto does not hand it to filters.
local function site_url()
  local file = io.open(pandoc.path.join({ quarto.project.directory or ".", "_quarto.yml" }))
  if not file then return nil end
  local found = file:read("a"):match("site%-url:%s*([^%s]+)")
  file:close()
  return found
end

local function address()
  local site = site_url()
  if not site then return nil end
  local page = pandoc.path.make_relative(quarto.doc.output_file, quarto.project.directory)
  page = page:gsub("\\", "/"):gsub("^_docs/", ""):gsub("index%.html$", "")
  return site:gsub("/$", "") .. "/" .. page
end

function Meta(meta)
  if not quarto.doc.is_format("html") then return nil end
  local head = {}
  for _, font in ipairs(FONTS) do
    head[#head + 1] = string.format(
      '<link rel="preload" href="%s/static/vendor/%s" as="font" type="font/woff2" crossorigin>', quarto.project.offset or ".", font)
  end
  local url = address()
  if url then
    head[#head + 1] = string.format('<link rel="canonical" href="%s">\n<meta property="og:url" content="%s">', url, url)
    head[#head + 1] = '<meta property="og:type" content="website">'
  end
  quarto.doc.include_text("in-header", table.concat(head, "\n"))
  return nil
end
