import { noChange } from "lit";
import { Directive, directive, type ElementPart } from "lit/directive.js";

/**
 * Sets properties of an element's style: `<div ${styled({ left: "3px" })}>`. lit's own `styleMap`
 * begins with a style attribute, which the policy of the page forbids.
 */
class Styled extends Directive {
  override render(_: Record<string, string>): unknown {
    return noChange;
  }

  override update(part: ElementPart, [wanted]: [Record<string, string>]): unknown {
    Object.assign((part.element as HTMLElement).style, wanted);
    return noChange;
  }
}

export const styled = directive(Styled);
