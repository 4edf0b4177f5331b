#!/usr/bin/env node
/* Shows cards with Microsoft's own renderer, in a browser, as Teams would, and says what is wrong with each.
 *   parse     every event of the parser at version 1.5 (unknown elements, wrong values)
 *   validate  validateProperties(): missing ids, required inputs without an error message, too many actions
 *   layout    nothing wider than a phone of 320 pixels
 *   axe       WCAG 2 A and AA on the rendered card; in dark, which is the same page in other colours, the rules of colours
 * Several cards stand on a page together: axe takes as long for one as for ten.
 * In: {"cards": {name: card}, "pictures": folder or null}. Out: {name: {errors, links, text}}. */
import fs from 'node:fs';
import path from 'node:path';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
const require = createRequire(path.join(process.env.HANDRAIL_NODE_HOME ?? here, 'here.js'));
const { chromium } = require('playwright-core');
const read = name => fs.readFileSync(name, 'utf8');
const library = name => read(require.resolve(name));
const scripts = [
  library('adaptivecards/dist/adaptivecards.min.js'),
  read(path.join(path.dirname(require.resolve('markdown-it/package.json')), 'dist/browser/markdown-it.umd.min.js')),
  library('axe-core/axe.min.js'),
];
// The renderer draws no buttons or fields of its own; these are plain ones in Teams' colours.
const page_for = theme => `<!doctype html><html lang="en"><head><title>card</title><style>
  ${library('adaptivecards/dist/adaptivecards.css')}
  body { margin: 0; padding: 16px; background: ${theme === 'dark' ? '#1f1f1f' : '#f5f5f5'}; font-family: 'Segoe UI', system-ui, sans-serif }
  main { max-width: 560px; border-radius: 4px; overflow: hidden }
  .ac-pushButton { border: 1px solid ${theme === 'dark' ? '#666' : '#d1d1d1'}; border-radius: 4px; padding: 6px 12px; font: 600 14px 'Segoe UI', system-ui, sans-serif;
    background: ${theme === 'dark' ? '#292929' : '#fff'}; color: ${theme === 'dark' ? '#fff' : '#242424'} }
  .ac-pushButton.style-positive { background: #4f52b2; color: #fff; border-color: #4f52b2 }
  .ac-input { box-sizing: border-box; padding: 6px; border: 1px solid #8a8a8a; border-radius: 4px; font: inherit }
  .ac-input:not([type=radio]):not([type=checkbox]) { width: 100% }
  </style></head><body><main></main></body></html>`;

const { cards, pictures } = JSON.parse(fs.readFileSync(0, 'utf8'));
const report = Object.fromEntries(Object.keys(cards).map(name => [name, { errors: [], links: [], text: '' }]));
const TOGETHER = 10;
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM,
  args: ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});
try {
  for (const [look, theme, width] of [['light', 'light', 592], ['dark', 'dark', 592], ['phone', 'light', 320]]) {
    const page = await browser.newPage({ viewport: { width, height: 700 }, deviceScaleFactor: pictures ? 2 : 1 });
    await page.route('**/*', route => (/^(about|data|blob):/.test(route.request().url()) ? route.continue() : route.abort()));
    await page.setContent(page_for(theme));
    for (const content of scripts) await page.addScriptTag({ content });
    const hostConfig = JSON.parse(read(path.join(here, `teams-${theme}.json`)));
    const names = Object.keys(cards), group = pictures ? 1 : TOGETHER;
    for (let at = 0; at < names.length; at += group) {
      const shown = names.slice(at, at + group);
      const found = await page.evaluate(show, { cards: shown.map(name => cards[name]), hostConfig, look });
      for (const [n, name] of shown.entries()) {
        report[name].errors.push(...found[n].errors.map(error => `${look}: ${error}`));
        if (look === 'light') Object.assign(report[name], { links: found[n].links, text: found[n].text });
        if (pictures) await page.screenshot({ path: path.join(pictures, `${name}-${look}.png`), fullPage: true });
      }
    }
    await page.close();
  }
} finally {
  await browser.close();
}
process.stdout.write(JSON.stringify(report));

/* Runs in the page: shows the cards one below the other; what is found, in their order. */
async function show({ cards, hostConfig, look }) {
  const A = window.AdaptiveCards, main = document.querySelector('main');
  const markdown = window.markdownit({ linkify: true });
  A.AdaptiveCard.onProcessMarkdown = (text, result) => { result.outputHtml = markdown.render(text); result.didProcess = true; };
  main.replaceChildren();
  const all = cards.map(card => {
    const errors = [], place = document.createElement('div'), shown = new A.AdaptiveCard();
    shown.hostConfig = new A.HostConfig(hostConfig);
    const parse = () => {
      const context = new A.SerializationContext(A.Versions.v1_5);
      shown.parse(card, context);
      return [...Array(context.eventCount).keys()].map(at => context.getEventAt(at));
    };
    let events = parse();
    // The renderer tests "lang" with a global pattern that remembers the last hit: every other card fails once.
    if (events.some(event => event.message.includes('property "lang"'))) events = parse();
    for (const event of [...events, ...shown.validateProperties().validationEvents]) {
      errors.push(`${A.ValidationEvent[event.event]}: ${event.message}`);
    }
    const element = shown.render();
    if (element) place.append(element); else errors.push('nothing was rendered');
    main.append(place);
    return { errors, place };
  });
  if (look === 'phone') {
    for (const { errors, place } of all) {
      for (const each of place.querySelectorAll('*')) {
        if (each.getClientRects().length && each.getBoundingClientRect().right > innerWidth + 1) {
          errors.push(`wider than a phone: ${each.outerHTML.slice(0, 120)}`);
          break;
        }
      }
      for (const each of place.querySelectorAll('.ac-pushButton, .ac-pushButton *')) {
        if (each.scrollWidth > each.clientWidth + 1 && each.clientWidth) errors.push(`a button is cut: ${each.innerText}`);
      }
    }
  } else {
    const runOnly = look === 'dark' ? { type: 'rule', values: ['color-contrast', 'link-in-text-block'] } : ['wcag2a', 'wcag2aa'];
    const { violations } = await axe.run(main, { runOnly, resultTypes: ['violations'], elementRef: true });
    for (const each of violations) {
      for (const node of each.nodes) {
        const card = all.find(({ place }) => place.contains(node.element));
        card.errors.push(`${each.id}: ${each.help}: ${node.html.slice(0, 160)}`);
      }
    }
  }
  return all.map(({ errors, place }) => (
    { errors, links: [...place.querySelectorAll('a')].map(each => each.href), text: place.innerText }
  ));
}
