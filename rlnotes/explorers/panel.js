// The panel of an explorer: native controls, a canvas that replays recorded frames, and
// the text twin. The bytes of frames and sheets are described in plotting/frames.py.

const VERSION = 1;
const FILL = 16, STROKE = 32, DASHES = 64, CLIP = 128;
const CLIP_PATH = 256, HATCH = 512, CENTRED = 1024, CRISP = 2048;
const PATH = 0, MARKERS = 1, GLYPHS = 2, IMAGE = 3;
const FINE = 64;
const CAPS = ["butt", "round", "square"], JOINS = ["miter", "round", "bevel"];
const OTHER_VERSION = "This picture was recorded by another version of rlnotes: restart the kernel.";

// ---- frames ----

class Reader {
    constructor(bytes) {
        // A copy, so that the words lie on even places.
        const copy = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
        this.signed = new Int16Array(copy);
        this.words = new Uint16Array(copy);
        this.bytes = new Uint8Array(copy);
        this.view = new DataView(copy);
        this.at = 0;
        if (this.word() !== VERSION) throw new Error(OTHER_VERSION);
    }
    get done() { return this.at >= this.words.length; }
    word() { return this.words[this.at++]; }
    float() { return this.view.getFloat32(2 * (this.at += 2) - 4, true); }
    colour() {
        const [low, high] = [this.word(), this.word()];
        return `rgba(${low & 255},${low >> 8},${high & 255},${(high >> 8) / 255})`;
    }
    path(unit) {
        const count = this.word(), hasCodes = this.word(), path = new Path2D();
        const xy = this.signed.subarray(this.at, this.at + 2 * count);
        this.at += 2 * count;
        if (!hasCodes) {
            for (let i = 0; i < 2 * count; i += 2) path.lineTo(xy[i] / unit, xy[i + 1] / unit);
            return path;
        }
        const codes = this.words.subarray(this.at, this.at + count);
        this.at += count;
        for (let i = 0; i < count;) {
            const at = k => [xy[2 * (i + k)] / unit, xy[2 * (i + k) + 1] / unit];
            const code = codes[i];
            if (code === 1) { path.moveTo(...at(0)); i += 1; }
            else if (code === 2) { path.lineTo(...at(0)); i += 1; }
            else if (code === 3) { path.quadraticCurveTo(...at(0), ...at(1)); i += 2; }
            else if (code === 4) { path.bezierCurveTo(...at(0), ...at(1), ...at(2)); i += 3; }
            else { path.closePath(); i += 1; }
        }
        return path;
    }
}

function readSheet(bytes) {
    const reader = new Reader(bytes), outlines = [];
    while (!reader.done) { reader.word(); outlines.push(reader.path(FINE)); }
    return outlines;
}

// Draw a frame; `scale` is canvas pixels per pixel of the figure.
function replay(context, bytes, outlines, scale) {
    const reader = new Reader(bytes);
    reader.at += 2;
    const unit = reader.word();
    while (!reader.done) {
        const begin = reader.at, head = reader.word();
        const length = reader.word() + 65536 * reader.word();
        if (!(length > 0)) throw new Error("This picture cannot be read.");
        context.save();
        context.setTransform(scale, 0, 0, scale, 0, 0);
        drawOperation(context, reader, head, {outlines, scale, unit, end: begin + length});
        context.restore();
        reader.at = begin + length;
    }
}

function drawOperation(context, reader, head, {outlines, scale, unit, end}) {
    const kind = head & 15;
    context.fillStyle = reader.colour();
    context.strokeStyle = reader.colour();
    context.miterLimit = 4;
    if (head & STROKE) {
        context.lineWidth = reader.word() / FINE;
        const style = reader.word();
        context.lineCap = CAPS[style & 3];
        context.lineJoin = JOINS[style >> 2];
    }
    if (head & DASHES) {
        const count = reader.word();
        context.lineDashOffset = reader.float();
        context.setLineDash(Array.from({length: count}, () => reader.float()));
    }
    if (head & CLIP) {
        const [left, top, right, bottom] = reader.words.subarray(reader.at, reader.at += 4);
        clipTo(context, rectangle(left, top, right - left, bottom - top));
    }
    if (head & CLIP_PATH) clipTo(context, reader.path(unit));
    const hatch = head & HATCH ? readHatch(reader, outlines) : null;
    const paint = path => {
        if (head & FILL) context.fill(path);
        if (head & FILL && head & CRISP) seam(context, path, scale);
        if (hatch) drawHatch(context, path, hatch);
        if (head & STROKE) context.stroke(path);
    };
    if (kind === PATH) paint(reader.path(unit));
    if (kind === MARKERS) {
        const outline = reader.path(FINE), middle = head & CENTRED ? 0.5 : 0;
        const place = () => Math.floor(reader.signed[reader.at++] / unit * scale + 0.5) + middle;
        for (let count = reader.word(); count > 0; count--) {
            const x = place(), y = place();
            context.setTransform(scale, 0, 0, scale, x, y);
            paint(outline);
        }
    }
    if (kind === GLYPHS) {
        const angle = reader.word() / 64 * Math.PI / 180;
        const c = Math.cos(angle) * scale, s = Math.sin(angle) * scale;
        for (let count = reader.word(); count > 0; count--) {
            const outline = outlines[reader.word()];
            const x = reader.signed[reader.at++] / unit, y = reader.signed[reader.at++] / unit;
            context.setTransform(c, -s, s, c, x * scale, y * scale);
            paint(outline);
        }
    }
    if (kind === IMAGE) drawImage(context, reader, end);
}

function rectangle(x, y, width, height) {
    const path = new Path2D();
    path.rect(x, y, width, height);
    return path;
}

function clipTo(context, path) { context.clip(path); }

// Shapes without smoothed edges leave no seams between neighbours.
function seam(context, path, scale) {
    context.save();
    context.strokeStyle = context.fillStyle;
    context.lineWidth = 0.5 / scale;
    context.stroke(path);
    context.restore();
}

function readHatch(reader, outlines) {
    const colour = reader.colour(), width = reader.word() / FINE;
    return {colour, width, tile: outlines[reader.word()], size: reader.word()};
}

function drawHatch(context, path, {colour, width, tile, size}) {
    const {width: across, height: down} = context.canvas, base = context.getTransform();
    context.save();
    context.clip(path);
    context.fillStyle = context.strokeStyle = colour;
    context.lineWidth = width;
    context.lineCap = "square";
    context.setLineDash([]);
    for (let x = 0; x * base.a < across; x += size) {
        for (let y = 0; y * base.d < down; y += size) {
            context.setTransform(base.a, 0, 0, base.d, x * base.a, y * base.d);
            context.save();
            context.clip(rectangle(0, 0, size, size));
            context.fill(tile);
            context.stroke(tile);
            context.restore();
        }
    }
    context.restore();
}

function drawImage(context, reader, end) {
    const alpha = reader.word(), columns = reader.word(), rows = reader.word();
    const affine = Array.from({length: 6}, () => reader.float());
    const colours = reader.word(), pixels = new Uint8ClampedArray(4 * columns * rows);
    const palette = reader.bytes.subarray(2 * reader.at, 2 * reader.at + 4 * colours);
    const data = reader.bytes.subarray(2 * reader.at + 4 * colours, 2 * end);
    if (!colours) pixels.set(data.subarray(0, pixels.length));
    else for (let i = 0; i < columns * rows; i++) pixels.set(palette.subarray(4 * data[i], 4 * data[i] + 4), 4 * i);
    const picture = new OffscreenCanvas(columns, rows);
    picture.getContext("2d").putImageData(new ImageData(pixels, columns, rows), 0, 0);
    context.globalAlpha = alpha / 255;
    context.imageSmoothingEnabled = false;
    context.transform(...affine);
    context.drawImage(picture, 0, 0);
}

// ---- the panel ----

const WINDOW = 2; // requests on their way; a third setting waits and is overtaken by newer ones
const REST = 400; // ms after the last change before the text is spoken
const PATIENCE = 4000; // ms without an answer before the panel says so
const NO_ANSWER = "No answer from the kernel: it is busy, or it has stopped. " +
    "If it was restarted, run this cell again.";

function make(tag, properties = {}, ...children) {
    const {class: name, ...rest} = properties, element = document.createElement(tag);
    if (name) element.className = `rlnotes-${name}`;
    for (const [key, value] of Object.entries(rest)) {
        if (key in element && !key.includes("-")) element[key] = value;
        else element.setAttribute(key, value);
    }
    element.append(...children);
    return element;
}

// One control: `read` gives its value as the kernel counts it, `show` sets it. A page
// without a kernel may have some that are `fixed`: a sentence says why.
function makeControl(spec, prefix) {
    const control = makeInput(spec, prefix);
    if (spec.fixed) {
        Object.assign(control.input, {disabled: true, title: spec.fixed});
        control.parts.push(make("span", {class: "fixed", title: spec.fixed}, "in the notebook"));
    }
    return control;
}

function makeInput({name, kind, label, value, min, max, step, texts}, prefix) {
    const id = `${prefix}-${name}`, caption = make("label", {htmlFor: id}, label);
    if (kind === "select") {
        const options = texts.map((text, index) => make("option", {value: index}, text));
        const input = make("select", {id, name}, ...options);
        const show = index => { input.selectedIndex = index; };
        return {name, value, input, show, read: () => input.selectedIndex, parts: [caption, input]};
    }
    if (kind === "checkbox") {
        const input = make("input", {id, name, type: "checkbox"});
        const show = checked => { input.checked = checked; };
        return {name, value, input, show, read: () => input.checked, parts: [input, caption]};
    }
    const input = make("input", {id, name, type: "range", min, max, step});
    const readout = make("span", {class: "readout", "aria-hidden": "true"});
    const describe = () => {
        readout.textContent = texts[Math.round((input.value - min) / step)];
        input.setAttribute("aria-valuetext", readout.textContent);
    };
    const show = number => { input.value = number; describe(); };
    input.addEventListener("input", describe);
    return {name, value, input, show, read: () => Number(input.value), parts: [caption, input, readout]};
}

class Stage {
    constructor(canvas, [width, height], changed) {
        Object.assign(this, {canvas, width, height, changed, pixels: 0, background: null});
        canvas.style.width = `${width}px`;
        canvas.style.aspectRatio = `${width} / ${height}`;
        this.observer = new ResizeObserver(entries => this.measure(entries[0]));
        try { this.observer.observe(canvas, {box: "device-pixel-content-box"}); }
        catch { this.observer.observe(canvas); }
        this.arm();
    }
    // The ratio changes with the zoom and when the window moves to another screen.
    arm() {
        this.ratio?.removeEventListener("change", this.rearm);
        this.rearm = () => { this.arm(); this.measure(); };
        this.ratio = window.matchMedia(`(resolution: ${window.devicePixelRatio}dppx)`);
        this.ratio.addEventListener("change", this.rearm);
    }
    measure(entry) {
        const exact = entry?.devicePixelContentBoxSize?.[0].inlineSize;
        const shown = this.canvas.getBoundingClientRect().width * window.devicePixelRatio;
        // A developer's tools may imitate another screen, and then only `shown` knows it.
        const pixels = Math.abs(exact - shown) < 1 ? exact : Math.round(shown);
        if (pixels > 0 && pixels !== this.pixels) { this.pixels = pixels; this.changed(); }
    }
    draw(frame, background, sheet) {
        if (!this.pixels) this.measure();
        const scale = (this.pixels || this.width) / this.width;
        if (this.sheet !== sheet) [this.sheet, this.outlines] = [sheet, readSheet(sheet)];
        if (this.background?.bytes !== background || this.background.scale !== scale) {
            this.background = {bytes: background, scale, picture: this.blank(scale)};
            const {picture} = this.background, context = picture.getContext("2d");
            // The figure may end within a pixel: no former picture must shine through it.
            context.fillStyle = "#fff";
            context.fillRect(0, 0, picture.width, picture.height);
            replay(context, background, this.outlines, scale);
        }
        const next = this.blank(scale), context = next.getContext("2d");
        context.drawImage(this.background.picture, 0, 0);
        replay(context, frame, this.outlines, scale);
        // Only a whole picture is shown: a frame that cannot be read leaves the last one.
        if (this.canvas.width !== next.width) this.canvas.width = next.width;
        if (this.canvas.height !== next.height) this.canvas.height = next.height;
        this.canvas.getContext("2d").drawImage(next, 0, 0);
    }
    blank(scale) {
        return new OffscreenCanvas(Math.round(this.width * scale), Math.round(this.height * scale));
    }
    close() {
        this.observer.disconnect();
        this.ratio.removeEventListener("change", this.rearm);
    }
}

// Requests to the kernel: at most WINDOW of them under way, then only the newest setting.
// An answer answers all requests before it, too. After PATIENCE without one those under
// way are given up: they may arrive late, or never, so the next request repeats them.
class Requests {
    constructor(send, trouble) {
        Object.assign(this, {send, trouble, view: Math.random().toString(36).slice(2)});
        Object.assign(this, {sent: 0, answered: 0, givenUp: 0, timer: 0});
        Object.assign(this, {open: {}, waiting: null});
    }
    get underWay() { return this.sent - Math.max(this.answered, this.givenUp); }
    get busy() { return this.waiting !== null || this.sent > this.answered; }
    change(changes) {
        this.waiting = {...this.waiting, ...changes};
        this.pump();
    }
    pump() {
        if (!this.waiting || this.underWay >= WINDOW) return;
        this.open = {...this.open, ...this.waiting};
        const changes = this.givenUp > this.answered ? this.open : this.waiting;
        this.waiting = null;
        this.sent += 1;
        this.timer ||= setTimeout(() => this.giveUp(), PATIENCE);
        try { this.send({view: this.view, number: this.sent, changes}); }
        catch { this.giveUp(); }
    }
    answer([view, number]) {
        if (view !== this.view || !(number > this.answered)) return;
        this.close();
        Object.assign(this, {answered: number, givenUp: 0});
        if (this.sent === number) this.open = {};
        else this.timer = setTimeout(() => this.giveUp(), PATIENCE);
        this.trouble("");
        this.pump();
    }
    giveUp() {
        this.close();
        this.givenUp = this.sent;
        this.trouble(NO_ANSWER);
        this.pump();
    }
    close() {
        clearTimeout(this.timer);
        this.timer = 0;
    }
}

// `source` gives `title`, `size`, `controls`, `background`, `sheet`, `frame` and `state`,
// calls back when the state has changed, and takes requests.
function open(source, element) {
    const trouble = make("p", {class: "problem", role: "status"});
    const requests = new Requests(source.send, text => { trouble.textContent = text; });
    const id = name => `${requests.view}-${name}`;
    const controls = source.get("controls").map(spec => makeControl(spec, requests.view));
    const reset = make("button", {type: "button", title: "Back to the default setting"}, "Reset");
    const rows = controls.map(({parts}) => make("div", {class: "control"}, ...parts));
    const canvas = make("canvas", {
        id: id("picture"), role: "img",
        "aria-label": source.get("title"), "aria-describedby": id("twin"),
    });
    // Read aloud from here, and only when the hand has rested.
    const spoken = make("p", {class: "spoken", id: id("twin"), role: "status"});
    spoken.textContent = source.get("state").text;
    const twin = make("p", {class: "twin", "aria-hidden": "true"});
    const code = make("code"), copy = make("button", {type: "button"}, "Copy");
    copy.title = "Copy the line that rebuilds this setting";
    const problem = make("p", {class: "problem", role: "status"});
    const setting = make("p", {class: "code"}, "Copy this setting: ", code, " ", copy);
    const bar = make("div", {class: "controls", role: "group"}, ...rows, reset);
    bar.setAttribute("aria-label", source.get("title"));
    const panel = make("div", {class: "panel"}, bar, canvas, trouble, problem, twin, spoken, setting);
    panel.style.maxWidth = `${source.get("size")[0]}px`;

    let frame = 0, rest = 0;
    // For tests: does the picture show what the controls say?
    const setIdle = idle => { panel.dataset.idle = idle; };
    const soon = () => { setIdle(false); frame ||= requestAnimationFrame(paint); };
    const ask = changes => { setIdle(false); requests.change(changes); };
    const stage = new Stage(canvas, source.get("size"), soon);

    function paint() {
        frame = 0;
        const {values, text, line, problem: sentence} = source.get("state");
        // The thumb follows the hand while a setting is on its way, and never jumps back.
        if (!requests.busy) for (const control of controls) control.show(values[control.name]);
        [twin.textContent, code.textContent, problem.textContent] = [text, line, sentence];
        try { stage.draw(source.get("frame"), source.get("background"), source.get("sheet")); }
        catch (error) { problem.textContent = error.message; }
        setIdle(!requests.busy);
        clearTimeout(rest);
        rest = setTimeout(speak, REST);
    }
    function speak() {
        if (requests.underWay) rest = setTimeout(speak, REST);
        else if (spoken.textContent !== twin.textContent) spoken.textContent = twin.textContent;
    }
    function receive() {
        requests.answer(source.get("state").answers);
        soon();
    }
    async function copyLine() {
        let copied = true;
        try { await navigator.clipboard.writeText(code.textContent); }
        catch { // an insecure address or a refusal: select it, for the reader's own keys
            getSelection().selectAllChildren(code);
            copied = document.execCommand("copy");
        }
        copy.textContent = copied ? "Copied" : "Selected";
        setTimeout(() => { copy.textContent = "Copy"; }, 1500);
    }

    for (const control of controls) {
        control.show(control.value);
        control.input.addEventListener("input", () => ask({[control.name]: control.read()}));
    }
    reset.addEventListener("click", () => {
        for (const {show, value} of controls) show(value);
        ask(Object.fromEntries(controls.map(({name, value}) => [name, value])));
    });
    copy.addEventListener("click", copyLine);
    // What is typed here must not edit the notebook. JupyterLab hears keys after the panel;
    // Notebook 7 hears them first, and looks for this mark, from the focused element upwards.
    for (const element of [panel, ...panel.querySelectorAll("input, select, button")])
        element.dataset.lmSuppressShortcuts = "true";
    for (const type of ["keydown", "keypress", "keyup"])
        panel.addEventListener(type, event => event.stopPropagation());
    element.append(panel);
    const stop = source.listen(receive);
    paint();
    return () => {
        stop();
        stage.close();
        requests.close();
        clearTimeout(rest);
        cancelAnimationFrame(frame);
    };
}

function render({model, el}) {
    return open({
        get: name => model.get(name),
        send: message => model.send(message),
        listen: callback => {
            model.on("change:state", callback);
            return () => model.off("change:state", callback);
        },
    }, el);
}

export default {render};
