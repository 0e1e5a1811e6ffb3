// The fitting room's button on a shop's product page. One file, nothing else needed:
//
//   <script async src="https://tryon.example.org/embed.js"></script>
//   <fitting-room-button sku="FR-1042"></fitting-room-button>
//
// Attributes: sku, or skus for a top and a bottom; lang, label, token, basket.
// Style: fitting-room-button::part(button), and the properties --fitting-room-*.
// Events, which bubble, with `detail.sku` and `detail.try_on`: fitting-room:open,
// :started, :ready, :failed, :basket, :close.
(() => {
  /** @typedef {Record<"label" | "close" | "loading" | "slow" | "window", string>} Texts */
  /** @typedef {{ garments: Record<string, unknown>, texts: Record<string, Texts> }} Buttons */

  const NAME = "fitting-room-button";
  const site = new URL(/** @type {HTMLScriptElement} */ (document.currentScript).src).origin;
  const PATIENCE = 8000; // ms until the frame has spoken
  const AT_ONCE = 100; // SKUs in one request
  if (customElements.get(NAME)) return;

  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`
    :host { display: inline-block; }
    :host(:not([ready])) button { visibility: hidden; }
    :host([hidden]) { display: none !important; }
    button { font: inherit; color: inherit; cursor: pointer; min-height: 44px; min-width: 44px; }
    [part=button] {
      box-sizing: border-box; width: 100%; padding: 0 1.2em;
      border: 1px solid var(--fitting-room-border, currentcolor);
      border-radius: var(--fitting-room-radius, 10px);
      background: var(--fitting-room-background, transparent);
      color: var(--fitting-room-color, inherit);
    }
    :focus-visible { outline: 2px solid; outline-offset: 2px; }
    dialog {
      box-sizing: border-box; width: 100%; height: 100%; max-width: none; max-height: none;
      margin: 0; padding: 0; border: 0; overflow: hidden; background: canvas; color: canvastext;
      color-scheme: light dark;
    }
    dialog[open] { display: flex; flex-direction: column; }
    dialog::backdrop { background: rgb(0 0 0 / 0.5); }
    [part=bar] {
      display: flex; align-items: center; justify-content: space-between;
      padding-inline: 16px 4px;
    }
    [part=close] { border: 0; background: none; font-size: 24px; line-height: 1; }
    [part=status] { margin: 0; padding: 16px; }
    [part=status]:empty { display: none; }
    iframe { flex: 1; width: 100%; border: 0; }
    @media (min-width: 700px) {
      dialog {
        width: min(1100px, 94vw); height: min(860px, 94vh);
        margin: auto; border-radius: 14px;
      }
    }`);

  /** What waits to be asked for, all buttons of a page together. @type {Set<Button>} */
  const waiting = new Set();
  let isAsking = false;

  async function ask() {
    isAsking = false;
    const asked = [...waiting].slice(0, AT_ONCE);
    for (const button of asked) waiting.delete(button);
    if (waiting.size) soon();
    const query = new URLSearchParams({ module: "" });
    const skus = new Set(asked.flatMap((button) => button.skus));
    const languages = new Set(asked.map((button) => button.language));
    for (const sku of [...skus].sort()) query.append("sku", sku);
    for (const code of [...languages].sort()) query.append("lang", code);
    /** @type {Buttons} */
    let answer = { garments: {}, texts: {} };
    try {
      // As a script: a strict policy of the page lets us load nothing else.
      answer = (await import(`${site}/embed/garments?${query}`)).default;
    } catch {
      // We are away, or may not be on this page: no button is better than a dead one.
    }
    for (const button of asked) button.show(answer);
  }

  function soon() {
    if (isAsking) return;
    isAsking = true;
    if (document.readyState === "loading")
      addEventListener("DOMContentLoaded", ask, { once: true });
    else setTimeout(ask);
  }

  class Button extends HTMLElement {
    static observedAttributes = ["sku", "skus", "lang", "label"];

    /** @type {HTMLDialogElement | null} */
    dialog = null;
    /** @type {HTMLIFrameElement | null} */
    frame = null;
    /** @type {Texts | null} */
    texts = null;
    isOpen = false;
    hasSpoken = false;
    /** Try-ons that began in this frame; of older ones nothing is told. */
    begun = new Set();
    timer = 0;

    connectedCallback() {
      if (!this.shadowRoot) {
        const root = this.attachShadow({ mode: "open" });
        root.adoptedStyleSheets = [sheet];
        this.button = root.appendChild(document.createElement("button"));
        this.button.type = "button";
        this.button.part.add("button");
        this.button.addEventListener("click", () => this.open());
      }
      this.ask();
    }

    disconnectedCallback() {
      this.close();
      waiting.delete(this);
      this.dialog?.remove();
      this.dialog = this.frame = null;
      removeEventListener("message", this);
    }

    attributeChangedCallback() {
      if (this.shadowRoot && this.isConnected) this.ask();
    }

    get skus() {
      const text = this.getAttribute("skus") ?? this.getAttribute("sku") ?? "";
      return text.split(/[\s,]+/).filter(Boolean);
    }

    get language() {
      const near = /** @type {HTMLElement | null} */ (this.closest("[lang]"));
      return near?.lang || navigator.language;
    }

    ask() {
      this.removeAttribute("ready");
      if (this.skus.length === 0) return;
      waiting.add(this);
      soon();
    }

    /** @param {Buttons} answer */
    show(answer) {
      const skus = this.skus;
      this.texts = answer.texts[this.language] ?? Object.values(answer.texts)[0] ?? null;
      const isKnown = skus.length > 0 && skus.every((sku) => Object.hasOwn(answer.garments, sku));
      this.hidden = !isKnown || !this.texts;
      if (this.hidden || !this.button || !this.texts) return;
      this.button.textContent = this.getAttribute("label") || this.texts.label;
      this.setAttribute("ready", "");
    }

    /** The ordinary page, with the way back to this one. */
    address(path = "/try-on/") {
      const url = new URL(path, site);
      for (const sku of this.skus) url.searchParams.append("garment", sku);
      url.searchParams.set("return", location.href.split("#")[0]);
      return url;
    }

    open() {
      if (this.isOpen || !this.texts) return;
      if (!this.dialog) this.build(this.texts);
      this.isOpen = true;
      this.dialog?.showModal();
      this.frame?.focus();
      document.documentElement.style.overflow = "hidden";
      history.pushState({ ...history.state, fittingRoom: true }, "");
      addEventListener("popstate", this);
      this.tell("open");
    }

    /** @param {Texts} texts */
    build(texts) {
      const dialog = document.createElement("dialog");
      dialog.setAttribute("aria-label", this.getAttribute("label") || texts.label);
      dialog.addEventListener("close", () => this.close());
      const bar = dialog.appendChild(document.createElement("div"));
      bar.part.add("bar");
      bar.appendChild(document.createElement("span")).textContent = texts.label;
      const close = bar.appendChild(document.createElement("button"));
      close.type = "button";
      close.part.add("close");
      close.textContent = "×";
      close.setAttribute("aria-label", texts.close);
      close.addEventListener("click", () => dialog.close());
      this.status = dialog.appendChild(document.createElement("p"));
      this.status.part.add("status");
      this.status.setAttribute("role", "status");
      this.status.textContent = texts.loading;
      this.frame = dialog.appendChild(document.createElement("iframe"));
      this.frame.title = texts.label;
      this.frame.allow = "camera; clipboard-write";
      const url = this.address("/frame/try-on/");
      url.searchParams.set("lang", this.language);
      if (this.hasAttribute("basket")) url.searchParams.set("basket", "1");
      const token = this.getAttribute("token");
      if (token) url.searchParams.set("token", token);
      this.frame.src = url.href;
      this.timer = setTimeout(() => this.offer(texts), PATIENCE);
      addEventListener("message", this);
      this.shadowRoot?.append(dialog);
      this.dialog = dialog;
    }

    /**
     * The frame has not spoken: a window of its own is a way that always works.
     * @param {Texts} texts
     */
    offer(texts) {
      if (this.hasSpoken || !this.status) return;
      const link = document.createElement("a");
      link.href = this.address().href;
      link.target = "_blank";
      link.rel = "noopener";
      link.textContent = texts.window;
      this.status.replaceChildren(`${texts.slow} `, link);
    }

    close() {
      if (!this.isOpen) return;
      this.isOpen = false;
      removeEventListener("popstate", this);
      this.dialog?.close();
      document.documentElement.style.overflow = "";
      if (history.state?.fittingRoom) history.back();
      this.tell("close");
    }

    /** @param {Event} event */
    handleEvent(event) {
      if (event.type === "popstate") return this.close();
      const { source, origin, data } = /** @type {MessageEvent} */ (event);
      if (source !== this.frame?.contentWindow || origin !== site) return;
      this.hear(data ?? {});
    }

    /** @param {{ fittingRoom?: string, sku?: string, tryOn?: string }} said */
    hear({ fittingRoom: what, sku = "", tryOn = "" }) {
      if (what === "hello") {
        this.hasSpoken = true;
        clearTimeout(this.timer);
        this.status?.replaceChildren();
      }
      if (what === "close") this.dialog?.close();
      if (what === "basket") this.tell(what, sku, tryOn);
      if (what === "started" && !this.begun.has(tryOn)) {
        this.begun.add(tryOn);
        this.tell(what, sku, tryOn);
      }
      if ((what === "ready" || what === "failed") && this.begun.delete(tryOn)) {
        this.tell(what, sku, tryOn);
      }
    }

    tell(/** @type {string} */ what, sku = this.skus[0] ?? "", tryOn = "") {
      const detail = { sku, try_on: tryOn || null };
      const options = { bubbles: true, composed: true, detail };
      this.dispatchEvent(new CustomEvent(`fitting-room:${what}`, options));
    }
  }

  customElements.define(NAME, Button);
})();
