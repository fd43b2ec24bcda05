// The explorers of a page without a kernel: the panel of the notebook, whose frames are
// looked up in a file. `site/frame_file.py` describes the bytes. A classic script, since
// a page opened from a disk may load neither modules nor data.
(() => {
"use strict";

const VERSION = 1, KEEP = 0xFFFF;
const NEAR = "800px"; // from the window: frames begin to load
const SCROLLED = "pre, section.text, section.text p, .table, .printed, .view, math[display]";
const BROKEN = "The frames of this explorer could not be loaded. The picture and its text stay; " +
    "the notebook has the explorer.";

// ---- the file ----

class Sections {
    constructor(bytes) { Object.assign(this, {bytes, at: 0}); }
    take(size) {
        if (!(size >= 0 && this.at + size <= this.bytes.length)) throw new Error("The file ends too early.");
        return this.bytes.subarray(this.at, this.at += size);
    }
    numbers(count) {
        const low = this.take(count), high = this.take(count), found = new Uint16Array(count);
        for (let i = 0; i < count; i++) found[i] = low[i] | high[i] << 8;
        return found;
    }
}

// The pieces of a slot, each with its words.
function readPieces(sections, {count, steps}) {
    const sizes = sections.numbers(count);
    const words = sections.numbers(sizes.reduce((sum, size) => sum + size, 0)), last = new Map();
    let at = 0;
    return Array.from(sizes, size => {
        const piece = words.subarray(at, at += size);
        if (steps) {
            const before = last.get(size);
            for (let i = 0; i < size; i++)
                piece[i] = (piece[i] & 1 ? -(piece[i] + 1 >> 1) : piece[i] >> 1) + (before ? before[i] : 0);
            last.set(size, piece);
        }
        return piece;
    });
}

class Frames {
    constructor(bytes) {
        const sections = new Sections(bytes);
        const [size] = new Uint32Array(sections.take(4).slice().buffer);
        const header = JSON.parse(new TextDecoder().decode(sections.take(size)));
        if (header.version !== VERSION) throw new Error("The file has another version.");
        Object.assign(this, header);
        this.counts = header.controls.map(control => control.code.length);
        this.background = sections.take(header.background);
        this.sheet = sections.take(header.sheet);
        this.slots = header.slots.map(slot => ({
            pieces: readPieces(sections, slot), table: this.readTable(sections, slot.depends),
        }));
        this.said = this.readTable(sections, header.said);
        this.patterns = header.sentences.map(({rows, words}) => ({
            rows, words, columns: words.map(word => Array.isArray(word) ? sections.numbers(rows) : null),
        }));
    }
    readTable(sections, axes) {
        const size = axes.reduce((product, axis) => product * this.counts[axis], 1);
        return {axes, numbers: sections.numbers(size)};
    }
    // What was shown before is each view's own.
    copy() { return Object.assign(Object.create(Frames.prototype), this); }
    look({axes, numbers}, places) {
        return numbers[axes.reduce((index, axis) => index * this.counts[axis] + places[axis], 0)];
    }
    // A frame as the panel takes it, for these places among the values of the controls.
    frame(places) {
        const pieces = this.slots.map(({pieces, table}, i) => {
            const number = this.look(table, places);
            return number === KEEP ? this.shown[i] : pieces[number];
        });
        this.shown = pieces;
        const size = pieces.reduce((sum, piece) => sum + piece.length, this.head.length / 2);
        const frame = new Uint16Array(size);
        new Uint8Array(frame.buffer).set(this.head);
        let at = this.head.length / 2;
        for (const piece of pieces) { frame.set(piece, at); at += piece.length; }
        return frame;
    }
    sentence(places) {
        let row = this.look(this.said, places);
        for (const {rows, words, columns} of this.patterns) {
            if (row < rows) return words.map((word, i) => columns[i] ? word[columns[i][row]] : word).join(" ");
            row -= rows;
        }
        throw new Error("The file has no sentence here.");
    }
    text(places) {
        const listed = this.controls.map(({name, plain}, i) => `${name} = ${plain[places[i]]}`);
        return `${this.title}. Setting: ${listed.join(", ")}. ${this.sentence(places)}`;
    }
    code(places) {
        const given = this.controls.map(({name, code}, i) => `${name}=${code[places[i]]}`);
        return `${this.line}(${given.join(", ")})`;
    }
}

// What the panel asks and hears, as a kernel would answer it.
class Answers {
    constructor(frames, places) {
        Object.assign(this, {frames, places, listeners: new Set(), answered: ["", 0]});
    }
    get(name) {
        if (name === "state") return this.state();
        if (name === "frame") return this.frames.frame(this.places);
        return this.frames[name];
    }
    state() {
        const values = {};
        this.frames.controls.forEach(({name, kind}, i) => {
            values[name] = kind === "checkbox" ? this.frames.controls[i].code[this.places[i]] === "True" : this.places[i];
        });
        const [text, line] = [this.frames.text(this.places), this.frames.code(this.places)];
        return {values, text, line, problem: "", answers: this.answered};
    }
    take({view, number, changes}) {
        this.frames.controls.forEach(({name, kind, code}, i) => {
            if (!(name in changes)) return;
            const place = kind === "checkbox" ? code.indexOf(changes[name] ? "True" : "False") : changes[name];
            if (place >= 0 && place < code.length) this.places[i] = place;
        });
        this.answered = [view, number];
        for (const callback of this.listeners) callback();
    }
    listen(callback) {
        this.listeners.add(callback);
        return () => this.listeners.delete(callback);
    }
}

// ---- the page ----

const arriving = new Map(), loaded = new Map(); // by name: a page may show one twice
// Each file of frames calls this with its part of the text.
window.rlnotesFrames = (name, number, text) => { arriving.get(name)?.set(number, text); };

function script(address) {
    return new Promise((resolve, reject) => {
        const element = document.createElement("script");
        const missing = () => reject(new Error(`${address} did not come.`));
        Object.assign(element, {src: address, onload: resolve, onerror: missing});
        document.head.append(element);
    });
}

async function load(name, addresses, report) {
    const parts = new Map();
    arriving.set(name, parts);
    for (const [number, address] of addresses.entries()) {
        if (number) report(number / addresses.length);
        await script(address);
        if (!parts.has(number)) throw new Error("A part is missing.");
    }
    arriving.delete(name);
    const text = addresses.map((_, number) => parts.get(number)).join("");
    const packed = Uint8Array.from(atob(text), letter => letter.charCodeAt(0));
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
    return new Frames(new Uint8Array(await new Response(stream).arrayBuffer()));
}

async function start(figure) {
    const [name, files, places] = ["name", "files", "setting"].map(key => JSON.parse(figure.dataset[key]));
    const progress = document.createElement("progress");
    progress.setAttribute("aria-label", "Loading the pictures of all settings");
    progress.max = 1;
    figure.prepend(progress); // without a value it only says that something goes on
    try {
        if (!loaded.has(name)) loaded.set(name, load(name, files, share => { progress.value = share; }));
        const frames = (await loaded.get(name)).copy();
        const box = document.createElement("div");
        window.rlnotesPanel.open(sourceOf(new Answers(frames, places)), box);
        const view = document.createElement("div"), canvas = box.querySelector("canvas");
        view.className = "view";
        canvas.replaceWith(view);
        view.append(canvas);
        figure.replaceChildren(box);
        tellFixed(frames, figure);
        figure.dataset.live = "true";
        reachable();
    } catch (error) {
        console.warn(`${name}: ${error.message}`);
        loaded.delete(name);
        progress.remove();
        const sentence = document.createElement("p"), again = document.createElement("button");
        Object.assign(sentence, {className: "rlnotes-problem", textContent: BROKEN});
        sentence.setAttribute("role", "status");
        Object.assign(again, {type: "button", textContent: "Try again", onclick: () => {
            sentence.remove();
            start(figure);
        }});
        sentence.append(" ", again);
        figure.append(sentence);
    }
}

// Which controls stand still, in words that a screen reader finds at each of them.
function tellFixed(frames, figure) {
    const fixed = frames.controls.filter(control => control.fixed);
    if (!fixed.length) return;
    const said = document.createElement("p");
    said.className = "fixed";
    said.id = `fixed-${document.querySelectorAll("p.fixed").length}`;
    said.textContent = `Here ${fixed.map(({label}) => label).join(" and ")} ` +
        `${fixed.length > 1 ? "keep their values" : "keeps its value"}. The notebook moves ` +
        `${fixed.length > 1 ? "them" : "it"}.`;
    figure.querySelector(".rlnotes-controls").after(said);
    for (const {name} of fixed) figure.querySelector(`[name="${name}"]`).setAttribute("aria-describedby", said.id);
}

function sourceOf(answers) {
    return {
        get: name => answers.get(name),
        send: message => answers.take(message),
        listen: callback => answers.listen(callback),
    };
}

// What must be scrolled can be reached by the keyboard; what need not is no stop on the way.
function reachable() {
    for (const element of document.querySelectorAll(SCROLLED)) {
        if (element.scrollWidth > element.clientWidth + 1) element.tabIndex = 0;
        else element.removeAttribute("tabindex");
    }
}

addEventListener("resize", reachable);
addEventListener("toggle", reachable, true); // what was folded had no width
addEventListener("DOMContentLoaded", () => {
    const contents = document.querySelector(".contents details");
    if (contents && matchMedia("(max-width: 900px)").matches) contents.open = false;
    reachable();
    document.fonts.ready.then(reachable);
    const observer = new IntersectionObserver(entries => {
        for (const {isIntersecting, target} of entries) {
            if (!isIntersecting) continue;
            observer.unobserve(target);
            start(target);
        }
    }, {rootMargin: NEAR});
    for (const figure of document.querySelectorAll("figure[data-files]")) observer.observe(figure);
});
})();
