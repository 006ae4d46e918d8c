import { html } from 'hono/html'

/** A piece of HTML. What `html` puts between its own words is escaped, unless it is such a piece itself. */
export type Html = ReturnType<typeof html>

type Layout = {
  title: string
  /** What a list of mails shows behind the subject. No secret. */
  preview: string
  content: Html
  footer: Html
}

const FONT = "font-family:system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif"

// Mail programs that know these rules show the dark colours; the others show the ones that stand inline.
const DARK = html`<style>
  :root {
    color-scheme: light dark;
    supported-color-schemes: light dark;
  }
  @media (prefers-color-scheme: dark) {
    .page {
      background: #14171c !important;
      color: #e8eaed !important;
    }
    .card {
      background: #1e2229 !important;
      border-color: #343a44 !important;
    }
    .quiet {
      color: #a6adb8 !important;
    }
    .box {
      background: #14171c !important;
      border-color: #343a44 !important;
    }
    .button {
      background: #8ab4ff !important;
      color: #0b1a33 !important;
    }
  }
</style>`

/** The frame of every mail in HTML: one card, no pictures, no scripts, nothing loaded from anywhere. */
export function mailHtml({ title, preview, content, footer }: Layout): string {
  return String(
    html`<!doctype html>
      <html lang="en">
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <meta name="color-scheme" content="light dark" />
          <meta name="supported-color-schemes" content="light dark" />
          <meta name="format-detection" content="telephone=no, date=no, address=no, email=no, url=no" />
          <title>${title}</title>
          ${DARK}
        </head>
        <body
          class="page"
          style="margin:0;padding:0;background:#f3f4f6;color:#1c2128;${FONT};font-size:16px;line-height:1.5"
        >
          <div style="display:none;max-height:0;overflow:hidden">${preview}</div>
          <div class="page" style="padding:32px 16px;background:#f3f4f6;color:#1c2128">
            <div
              class="card"
              style="max-width:480px;margin:0 auto;padding:32px 28px;background:#ffffff;border:1px solid #dfe2e7;border-radius:12px"
            >
              <h1 style="margin:0 0 16px;font-size:22px;line-height:1.3;font-weight:650">${title}</h1>
              ${content}
            </div>
            <div class="quiet" style="max-width:480px;margin:20px auto 0;padding:0 28px;color:#5b6472;font-size:13px">
              ${footer}
            </div>
          </div>
        </body>
      </html> `,
  )
}

/** A paragraph; quiet ones are for what need not be read first. */
export function paragraph(content: Html | string, { quiet = false } = {}): Html {
  const look = quiet ? 'margin:0 0 12px;color:#5b6472;font-size:14px' : 'margin:0 0 16px'
  return html`<p class="${quiet ? 'quiet' : ''}" style="${look}">${content}</p>`
}

/** The one thing to press. It opens a page of its own, also where the mail is shown in a frame. */
export function button(label: string, href: string): Html {
  const look =
    'display:inline-block;padding:13px 26px;background:#1d4ed8;color:#ffffff;border-radius:8px;font-weight:600;text-decoration:none'
  return html`<p style="margin:24px 0">
    <a class="button" href="${href}" target="_blank" rel="noopener noreferrer" style="${look}">${label}</a>
  </p>`
}

/** Something to be read off and typed: large, apart, in letters of one width. */
export function codeBox(code: string): Html {
  const look =
    'margin:0 0 20px;padding:14px;background:#f3f4f6;border:1px solid #dfe2e7;border-radius:8px;text-align:center;' +
    'font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:28px;letter-spacing:.08em;line-height:1.2'
  return html`<p class="box" style="${look}">${code}</p>`
}

/**
 * A stranger's words, fit to stand in our mail: one line, short, of letters, digits and plain punctuation. Control and
 * direction characters go, and so does all from which a mail program would make a link.
 */
export function strangersWords(text: string, longest = 60): string {
  const plain = text
    .normalize('NFC')
    .replace(/[^\p{L}\p{M}\p{N} ()+,.'-]/gu, ' ')
    .replace(/\.(?=\p{L})/gu, ' ') // 'evil.example' would become a link, '18.1' does not
    .replace(/ +/g, ' ')
    .trim()
  return [...plain].slice(0, longest).join('').trim()
}
