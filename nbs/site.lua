-- What every page needs of Pandoc: its address, first fonts and search in its head, links to other sites in a tab of their own, what
-- cells printed in lines that fit, captions and side notes.

local FONTS = { "inter/inter-latin-wght-normal.woff2", "jetbrains-mono/jetbrains-mono-latin-wght-normal.woff2" }

-- The site's address, as _quarto.yml gives it; Quarto does not hand it to filters.
local known

local function site_url()
  if known then return known end
  local file = io.open(pandoc.path.join({ quarto.project.directory or ".", "_quarto.yml" }))
  if not file then return nil end
  local found = file:read("a"):match("site%-url:%s*([^%s]+)")
  file:close()
  known = found
  return found
end

local function address()
  local site = site_url()
  if not site then return nil end
  local page = pandoc.path.make_relative(quarto.doc.output_file, quarto.project.directory)
  page = page:gsub("\\", "/"):gsub("^_docs/", ""):gsub("index%.html$", "")
  return site:gsub("/$", "") .. "/" .. page
end

local WIDE = 88 -- characters: how much a line of output holds beside the table of contents

-- Printed sentences wrap like text. A table, whose lines have gaps in them, has to scroll; where it is wide, keys reach it.
local function printed(block)
  local is_table, width = false, 0
  for line in (block.text .. "\n"):gmatch("(.-)\n") do
    local bare = line:match("^%s*(.-)%s*$")
    is_table = is_table or bare:find("  ", 1, true) ~= nil or line:sub(1, 1) == "|"
    width = math.max(width, utf8.len(line) or #line)
  end
  if not is_table then
    block.classes:insert("said")
  elseif width > WIDE then
    block.attributes.tabindex = "0"
  else
    return nil
  end
  return block
end

function Div(div)
  if not quarto.doc.is_format("html") then return nil end
  if not (div.classes:includes("cell-output-stdout") or div.classes:includes("cell-output-display")) then return nil end
  return div:walk({ CodeBlock = function(block) if #block.classes == 0 then return printed(block) end end })
end

-- A paragraph in italics right below a cell or a picture is its caption; a picture's own words are for those who cannot see it.
-- A quotation below a paragraph is its side note.
function Blocks(blocks)
  if not quarto.doc.is_format("html") then return nil end
  local found = pandoc.List()
  for _, block in ipairs(blocks) do
    local above = found[#found]
    local said = block.t == "Para" and #block.content == 1 and block.content[1].t == "Emph" and block.content[1].content
    if block.t == "Figure" then
      block.caption.long = {}
    elseif said and above and above.t == "Figure" then
      above.caption.long, block = { pandoc.Plain(said) }, nil
    elseif said and above and above.t == "Div" and above.classes:includes("cell") then
      block = pandoc.Div(pandoc.Para(said), { class = "figure-caption" })
    elseif block.t == "BlockQuote" and above and above.t == "Para" then
      found:remove()
      block = pandoc.Div({ above, pandoc.Div(block.content, { class = "side-note", role = "note" }) }, { class = "noted" })
    end
    if block then found:insert(block) end
  end
  return found
end

function Link(link)
  local site = site_url()
  if not quarto.doc.is_format("html") or not link.target:match("^https?://") then return nil end
  if site and link.target:sub(1, #site) == site then return nil end
  link.attributes.target, link.attributes.rel = "_blank", "noopener"
  return link
end

function Meta(meta)
  if not quarto.doc.is_format("html") then return nil end
  local head = {}
  for _, font in ipairs(FONTS) do
    head[#head + 1] = string.format(
      '<link rel="preload" href="%s/static/vendor/%s" as="font" type="font/woff2" crossorigin>', quarto.project.offset or ".", font)
  end
  head[#head + 1] = string.format('<script src="%s/static/search.js" defer></script>', quarto.project.offset or ".")
  local url = address()
  if url then
    head[#head + 1] = string.format('<link rel="canonical" href="%s">\n<meta property="og:url" content="%s">', url, url)
    head[#head + 1] = '<meta property="og:type" content="website">'
  end
  quarto.doc.include_text("in-header", table.concat(head, "\n"))
  return nil
end
