var Ii=Object.defineProperty;var Ui=Object.getOwnPropertyDescriptor;var f=(t,r,e,s)=>{for(var n=s>1?void 0:s?Ui(r,e):r,o=t.length-1,i;o>=0;o--)(i=t[o])&&(n=(s?i(r,e,n):i(n))||n);return s&&n&&Ii(r,e,n),n};var ar=globalThis,cr=ar.ShadowRoot&&(ar.ShadyCSS===void 0||ar.ShadyCSS.nativeShadow)&&"adoptedStyleSheets"in Document.prototype&&"replace"in CSSStyleSheet.prototype,ln=Symbol(),an=new WeakMap,lr=class{constructor(r,e,s){if(this._$cssResult$=!0,s!==ln)throw Error("CSSResult is not constructable. Use `unsafeCSS` or `css` instead.");this.cssText=r,this.t=e}get styleSheet(){let r=this.o,e=this.t;if(cr&&r===void 0){let s=e!==void 0&&e.length===1;s&&(r=an.get(e)),r===void 0&&((this.o=r=new CSSStyleSheet).replaceSync(this.cssText),s&&an.set(e,r))}return r}toString(){return this.cssText}},cn=t=>new lr(typeof t=="string"?t:t+"",void 0,ln);var un=(t,r)=>{if(cr)t.adoptedStyleSheets=r.map(e=>e instanceof CSSStyleSheet?e:e.styleSheet);else for(let e of r){let s=document.createElement("style"),n=ar.litNonce;n!==void 0&&s.setAttribute("nonce",n),s.textContent=e.cssText,t.appendChild(s)}},Vr=cr?t=>t:t=>t instanceof CSSStyleSheet?(r=>{let e="";for(let s of r.cssRules)e+=s.cssText;return cn(e)})(t):t;var{is:Ni,defineProperty:Di,getOwnPropertyDescriptor:ji,getOwnPropertyNames:qi,getOwnPropertySymbols:Bi,getPrototypeOf:Fi}=Object,ur=globalThis,pn=ur.trustedTypes,Hi=pn?pn.emptyScript:"",Gi=ur.reactiveElementPolyfillSupport,_t=(t,r)=>t,zt={toAttribute(t,r){switch(r){case Boolean:t=t?Hi:null;break;case Object:case Array:t=t==null?t:JSON.stringify(t)}return t},fromAttribute(t,r){let e=t;switch(r){case Boolean:e=t!==null;break;case Number:e=t===null?null:Number(t);break;case Object:case Array:try{e=JSON.parse(t)}catch{e=null}}return e}},pr=(t,r)=>!Ni(t,r),hn={attribute:!0,type:String,converter:zt,reflect:!1,useDefault:!1,hasChanged:pr};Symbol.metadata??=Symbol("metadata"),ur.litPropertyMetadata??=new WeakMap;var ze=class extends HTMLElement{static addInitializer(r){this._$Ei(),(this.l??=[]).push(r)}static get observedAttributes(){return this.finalize(),this._$Eh&&[...this._$Eh.keys()]}static createProperty(r,e=hn){if(e.state&&(e.attribute=!1),this._$Ei(),this.prototype.hasOwnProperty(r)&&((e=Object.create(e)).wrapped=!0),this.elementProperties.set(r,e),!e.noAccessor){let s=Symbol(),n=this.getPropertyDescriptor(r,s,e);n!==void 0&&Di(this.prototype,r,n)}}static getPropertyDescriptor(r,e,s){let{get:n,set:o}=ji(this.prototype,r)??{get(){return this[e]},set(i){this[e]=i}};return{get:n,set(i){let l=n?.call(this);o?.call(this,i),this.requestUpdate(r,l,s)},configurable:!0,enumerable:!0}}static getPropertyOptions(r){return this.elementProperties.get(r)??hn}static _$Ei(){if(this.hasOwnProperty(_t("elementProperties")))return;let r=Fi(this);r.finalize(),r.l!==void 0&&(this.l=[...r.l]),this.elementProperties=new Map(r.elementProperties)}static finalize(){if(this.hasOwnProperty(_t("finalized")))return;if(this.finalized=!0,this._$Ei(),this.hasOwnProperty(_t("properties"))){let e=this.properties,s=[...qi(e),...Bi(e)];for(let n of s)this.createProperty(n,e[n])}let r=this[Symbol.metadata];if(r!==null){let e=litPropertyMetadata.get(r);if(e!==void 0)for(let[s,n]of e)this.elementProperties.set(s,n)}this._$Eh=new Map;for(let[e,s]of this.elementProperties){let n=this._$Eu(e,s);n!==void 0&&this._$Eh.set(n,e)}this.elementStyles=this.finalizeStyles(this.styles)}static finalizeStyles(r){let e=[];if(Array.isArray(r)){let s=new Set(r.flat(1/0).reverse());for(let n of s)e.unshift(Vr(n))}else r!==void 0&&e.push(Vr(r));return e}static _$Eu(r,e){let s=e.attribute;return s===!1?void 0:typeof s=="string"?s:typeof r=="string"?r.toLowerCase():void 0}constructor(){super(),this._$Ep=void 0,this.isUpdatePending=!1,this.hasUpdated=!1,this._$Em=null,this._$Ev()}_$Ev(){this._$ES=new Promise(r=>this.enableUpdating=r),this._$AL=new Map,this._$E_(),this.requestUpdate(),this.constructor.l?.forEach(r=>r(this))}addController(r){(this._$EO??=new Set).add(r),this.renderRoot!==void 0&&this.isConnected&&r.hostConnected?.()}removeController(r){this._$EO?.delete(r)}_$E_(){let r=new Map,e=this.constructor.elementProperties;for(let s of e.keys())this.hasOwnProperty(s)&&(r.set(s,this[s]),delete this[s]);r.size>0&&(this._$Ep=r)}createRenderRoot(){let r=this.shadowRoot??this.attachShadow(this.constructor.shadowRootOptions);return un(r,this.constructor.elementStyles),r}connectedCallback(){this.renderRoot??=this.createRenderRoot(),this.enableUpdating(!0),this._$EO?.forEach(r=>r.hostConnected?.())}enableUpdating(r){}disconnectedCallback(){this._$EO?.forEach(r=>r.hostDisconnected?.())}attributeChangedCallback(r,e,s){this._$AK(r,s)}_$ET(r,e){let s=this.constructor.elementProperties.get(r),n=this.constructor._$Eu(r,s);if(n!==void 0&&s.reflect===!0){let o=(s.converter?.toAttribute!==void 0?s.converter:zt).toAttribute(e,s.type);this._$Em=r,o==null?this.removeAttribute(n):this.setAttribute(n,o),this._$Em=null}}_$AK(r,e){let s=this.constructor,n=s._$Eh.get(r);if(n!==void 0&&this._$Em!==n){let o=s.getPropertyOptions(n),i=typeof o.converter=="function"?{fromAttribute:o.converter}:o.converter?.fromAttribute!==void 0?o.converter:zt;this._$Em=n;let l=i.fromAttribute(e,o.type);this[n]=l??this._$Ej?.get(n)??l,this._$Em=null}}requestUpdate(r,e,s,n=!1,o){if(r!==void 0){let i=this.constructor;if(n===!1&&(o=this[r]),s??=i.getPropertyOptions(r),!((s.hasChanged??pr)(o,e)||s.useDefault&&s.reflect&&o===this._$Ej?.get(r)&&!this.hasAttribute(i._$Eu(r,s))))return;this.C(r,e,s)}this.isUpdatePending===!1&&(this._$ES=this._$EP())}C(r,e,{useDefault:s,reflect:n,wrapped:o},i){s&&!(this._$Ej??=new Map).has(r)&&(this._$Ej.set(r,i??e??this[r]),o!==!0||i!==void 0)||(this._$AL.has(r)||(this.hasUpdated||s||(e=void 0),this._$AL.set(r,e)),n===!0&&this._$Em!==r&&(this._$Eq??=new Set).add(r))}async _$EP(){this.isUpdatePending=!0;try{await this._$ES}catch(e){Promise.reject(e)}let r=this.scheduleUpdate();return r!=null&&await r,!this.isUpdatePending}scheduleUpdate(){return this.performUpdate()}performUpdate(){if(!this.isUpdatePending)return;if(!this.hasUpdated){if(this.renderRoot??=this.createRenderRoot(),this._$Ep){for(let[n,o]of this._$Ep)this[n]=o;this._$Ep=void 0}let s=this.constructor.elementProperties;if(s.size>0)for(let[n,o]of s){let{wrapped:i}=o,l=this[n];i!==!0||this._$AL.has(n)||l===void 0||this.C(n,void 0,o,l)}}let r=!1,e=this._$AL;try{r=this.shouldUpdate(e),r?(this.willUpdate(e),this._$EO?.forEach(s=>s.hostUpdate?.()),this.update(e)):this._$EM()}catch(s){throw r=!1,this._$EM(),s}r&&this._$AE(e)}willUpdate(r){}_$AE(r){this._$EO?.forEach(e=>e.hostUpdated?.()),this.hasUpdated||(this.hasUpdated=!0,this.firstUpdated(r)),this.updated(r)}_$EM(){this._$AL=new Map,this.isUpdatePending=!1}get updateComplete(){return this.getUpdateComplete()}getUpdateComplete(){return this._$ES}shouldUpdate(r){return!0}update(r){this._$Eq&&=this._$Eq.forEach(e=>this._$ET(e,this[e])),this._$EM()}updated(r){}firstUpdated(r){}};ze.elementStyles=[],ze.shadowRootOptions={mode:"open"},ze[_t("elementProperties")]=new Map,ze[_t("finalized")]=new Map,Gi?.({ReactiveElement:ze}),(ur.reactiveElementVersions??=[]).push("2.1.2");var Zr=globalThis,dn=t=>t,hr=Zr.trustedTypes,mn=hr?hr.createPolicy("lit-html",{createHTML:t=>t}):void 0,Kr="$lit$",Le=`lit$${Math.random().toFixed(9).slice(2)}$`,Yr="?"+Le,Wi=`<${Yr}>`,Ye=document,It=()=>Ye.createComment(""),Ut=t=>t===null||typeof t!="object"&&typeof t!="function",Qr=Array.isArray,$n=t=>Qr(t)||typeof t?.[Symbol.iterator]=="function",Jr=`[ 	
\f\r]`,Lt=/<(?:(!--|\/[^a-zA-Z])|(\/?[a-zA-Z][^>\s]*)|(\/?$))/g,fn=/-->/g,gn=/>/g,Ze=RegExp(`>|${Jr}(?:([^\\s"'>=/]+)(${Jr}*=${Jr}*(?:[^ 	
\f\r"'\`<>=]|("|')|))|$)`,"g"),vn=/'/g,yn=/"/g,wn=/^(?:script|style|textarea|title)$/i,Xr=t=>(r,...e)=>({_$litType$:t,strings:r,values:e}),a=Xr(1),U=Xr(2),ec=Xr(3),ue=Symbol.for("lit-noChange"),p=Symbol.for("lit-nothing"),bn=new WeakMap,Ke=Ye.createTreeWalker(Ye,129);function xn(t,r){if(!Qr(t)||!t.hasOwnProperty("raw"))throw Error("invalid template strings array");return mn!==void 0?mn.createHTML(r):r}var kn=(t,r)=>{let e=t.length-1,s=[],n,o=r===2?"<svg>":r===3?"<math>":"",i=Lt;for(let l=0;l<e;l++){let c=t[l],h,m,u=-1,d=0;for(;d<c.length&&(i.lastIndex=d,m=i.exec(c),m!==null);)d=i.lastIndex,i===Lt?m[1]==="!--"?i=fn:m[1]!==void 0?i=gn:m[2]!==void 0?(wn.test(m[2])&&(n=RegExp("</"+m[2],"g")),i=Ze):m[3]!==void 0&&(i=Ze):i===Ze?m[0]===">"?(i=n??Lt,u=-1):m[1]===void 0?u=-2:(u=i.lastIndex-m[2].length,h=m[1],i=m[3]===void 0?Ze:m[3]==='"'?yn:vn):i===yn||i===vn?i=Ze:i===fn||i===gn?i=Lt:(i=Ze,n=void 0);let g=i===Ze&&t[l+1].startsWith("/>")?" ":"";o+=i===Lt?c+Wi:u>=0?(s.push(h),c.slice(0,u)+Kr+c.slice(u)+Le+g):c+Le+(u===-2?l:g)}return[xn(t,o+(t[e]||"<?>")+(r===2?"</svg>":r===3?"</math>":"")),s]},Nt=class t{constructor({strings:r,_$litType$:e},s){let n;this.parts=[];let o=0,i=0,l=r.length-1,c=this.parts,[h,m]=kn(r,e);if(this.el=t.createElement(h,s),Ke.currentNode=this.el.content,e===2||e===3){let u=this.el.content.firstChild;u.replaceWith(...u.childNodes)}for(;(n=Ke.nextNode())!==null&&c.length<l;){if(n.nodeType===1){if(n.hasAttributes())for(let u of n.getAttributeNames())if(u.endsWith(Kr)){let d=m[i++],g=n.getAttribute(u).split(Le),w=/([.?@])?(.*)/.exec(d);c.push({type:1,index:o,name:w[2],strings:g,ctor:w[1]==="."?mr:w[1]==="?"?fr:w[1]==="@"?gr:Xe}),n.removeAttribute(u)}else u.startsWith(Le)&&(c.push({type:6,index:o}),n.removeAttribute(u));if(wn.test(n.tagName)){let u=n.textContent.split(Le),d=u.length-1;if(d>0){n.textContent=hr?hr.emptyScript:"";for(let g=0;g<d;g++)n.append(u[g],It()),Ke.nextNode(),c.push({type:2,index:++o});n.append(u[d],It())}}}else if(n.nodeType===8)if(n.data===Yr)c.push({type:2,index:o});else{let u=-1;for(;(u=n.data.indexOf(Le,u+1))!==-1;)c.push({type:7,index:o}),u+=Le.length-1}o++}}static createElement(r,e){let s=Ye.createElement("template");return s.innerHTML=r,s}};function Qe(t,r,e=t,s){if(r===ue)return r;let n=s!==void 0?e._$Co?.[s]:e._$Cl,o=Ut(r)?void 0:r._$litDirective$;return n?.constructor!==o&&(n?._$AO?.(!1),o===void 0?n=void 0:(n=new o(t),n._$AT(t,e,s)),s!==void 0?(e._$Co??=[])[s]=n:e._$Cl=n),n!==void 0&&(r=Qe(t,n._$AS(t,r.values),n,s)),r}var dr=class{constructor(r,e){this._$AV=[],this._$AN=void 0,this._$AD=r,this._$AM=e}get parentNode(){return this._$AM.parentNode}get _$AU(){return this._$AM._$AU}u(r){let{el:{content:e},parts:s}=this._$AD,n=(r?.creationScope??Ye).importNode(e,!0);Ke.currentNode=n;let o=Ke.nextNode(),i=0,l=0,c=s[0];for(;c!==void 0;){if(i===c.index){let h;c.type===2?h=new ft(o,o.nextSibling,this,r):c.type===1?h=new c.ctor(o,c.name,c.strings,this,r):c.type===6&&(h=new vr(o,this,r)),this._$AV.push(h),c=s[++l]}i!==c?.index&&(o=Ke.nextNode(),i++)}return Ke.currentNode=Ye,n}p(r){let e=0;for(let s of this._$AV)s!==void 0&&(s.strings!==void 0?(s._$AI(r,s,e),e+=s.strings.length-2):s._$AI(r[e])),e++}},ft=class t{get _$AU(){return this._$AM?._$AU??this._$Cv}constructor(r,e,s,n){this.type=2,this._$AH=p,this._$AN=void 0,this._$AA=r,this._$AB=e,this._$AM=s,this.options=n,this._$Cv=n?.isConnected??!0}get parentNode(){let r=this._$AA.parentNode,e=this._$AM;return e!==void 0&&r?.nodeType===11&&(r=e.parentNode),r}get startNode(){return this._$AA}get endNode(){return this._$AB}_$AI(r,e=this){r=Qe(this,r,e),Ut(r)?r===p||r==null||r===""?(this._$AH!==p&&this._$AR(),this._$AH=p):r!==this._$AH&&r!==ue&&this._(r):r._$litType$!==void 0?this.$(r):r.nodeType!==void 0?this.T(r):$n(r)?this.k(r):this._(r)}O(r){return this._$AA.parentNode.insertBefore(r,this._$AB)}T(r){this._$AH!==r&&(this._$AR(),this._$AH=this.O(r))}_(r){this._$AH!==p&&Ut(this._$AH)?this._$AA.nextSibling.data=r:this.T(Ye.createTextNode(r)),this._$AH=r}$(r){let{values:e,_$litType$:s}=r,n=typeof s=="number"?this._$AC(r):(s.el===void 0&&(s.el=Nt.createElement(xn(s.h,s.h[0]),this.options)),s);if(this._$AH?._$AD===n)this._$AH.p(e);else{let o=new dr(n,this),i=o.u(this.options);o.p(e),this.T(i),this._$AH=o}}_$AC(r){let e=bn.get(r.strings);return e===void 0&&bn.set(r.strings,e=new Nt(r)),e}k(r){Qr(this._$AH)||(this._$AH=[],this._$AR());let e=this._$AH,s,n=0;for(let o of r)n===e.length?e.push(s=new t(this.O(It()),this.O(It()),this,this.options)):s=e[n],s._$AI(o),n++;n<e.length&&(this._$AR(s&&s._$AB.nextSibling,n),e.length=n)}_$AR(r=this._$AA.nextSibling,e){for(this._$AP?.(!1,!0,e);r!==this._$AB;){let s=dn(r).nextSibling;dn(r).remove(),r=s}}setConnected(r){this._$AM===void 0&&(this._$Cv=r,this._$AP?.(r))}},Xe=class{get tagName(){return this.element.tagName}get _$AU(){return this._$AM._$AU}constructor(r,e,s,n,o){this.type=1,this._$AH=p,this._$AN=void 0,this.element=r,this.name=e,this._$AM=n,this.options=o,s.length>2||s[0]!==""||s[1]!==""?(this._$AH=Array(s.length-1).fill(new String),this.strings=s):this._$AH=p}_$AI(r,e=this,s,n){let o=this.strings,i=!1;if(o===void 0)r=Qe(this,r,e,0),i=!Ut(r)||r!==this._$AH&&r!==ue,i&&(this._$AH=r);else{let l=r,c,h;for(r=o[0],c=0;c<o.length-1;c++)h=Qe(this,l[s+c],e,c),h===ue&&(h=this._$AH[c]),i||=!Ut(h)||h!==this._$AH[c],h===p?r=p:r!==p&&(r+=(h??"")+o[c+1]),this._$AH[c]=h}i&&!n&&this.j(r)}j(r){r===p?this.element.removeAttribute(this.name):this.element.setAttribute(this.name,r??"")}},mr=class extends Xe{constructor(){super(...arguments),this.type=3}j(r){this.element[this.name]=r===p?void 0:r}},fr=class extends Xe{constructor(){super(...arguments),this.type=4}j(r){this.element.toggleAttribute(this.name,!!r&&r!==p)}},gr=class extends Xe{constructor(r,e,s,n,o){super(r,e,s,n,o),this.type=5}_$AI(r,e=this){if((r=Qe(this,r,e,0)??p)===ue)return;let s=this._$AH,n=r===p&&s!==p||r.capture!==s.capture||r.once!==s.once||r.passive!==s.passive,o=r!==p&&(s===p||n);n&&this.element.removeEventListener(this.name,this,s),o&&this.element.addEventListener(this.name,this,r),this._$AH=r}handleEvent(r){typeof this._$AH=="function"?this._$AH.call(this.options?.host??this.element,r):this._$AH.handleEvent(r)}},vr=class{constructor(r,e,s){this.element=r,this.type=6,this._$AN=void 0,this._$AM=e,this.options=s}get _$AU(){return this._$AM._$AU}_$AI(r){Qe(this,r)}},En={M:Kr,P:Le,A:Yr,C:1,L:kn,R:dr,D:$n,V:Qe,I:ft,H:Xe,N:fr,U:gr,B:mr,F:vr},Vi=Zr.litHtmlPolyfillSupport;Vi?.(Nt,ft),(Zr.litHtmlVersions??=[]).push("3.3.3");var Tn=(t,r,e)=>{let s=e?.renderBefore??r,n=s._$litPart$;if(n===void 0){let o=e?.renderBefore??null;s._$litPart$=n=new ft(r.insertBefore(It(),o),o,void 0,e??{})}return n._$AI(t),n};var es=globalThis,qe=class extends ze{constructor(){super(...arguments),this.renderOptions={host:this},this._$Do=void 0}createRenderRoot(){let r=super.createRenderRoot();return this.renderOptions.renderBefore??=r.firstChild,r}update(r){let e=this.render();this.hasUpdated||(this.renderOptions.isConnected=this.isConnected),super.update(r),this._$Do=Tn(e,this.renderRoot,this.renderOptions)}connectedCallback(){super.connectedCallback(),this._$Do?.setConnected(!0)}disconnectedCallback(){super.disconnectedCallback(),this._$Do?.setConnected(!1)}render(){return ue}};qe._$litElement$=!0,qe.finalized=!0,es.litElementHydrateSupport?.({LitElement:qe});var Ji=es.litElementPolyfillSupport;Ji?.({LitElement:qe});(es.litElementVersions??=[]).push("4.2.2");var R=t=>(r,e)=>{e!==void 0?e.addInitializer(()=>{customElements.define(t,r)}):customElements.define(t,r)};var Zi={attribute:!0,type:String,converter:zt,reflect:!1,hasChanged:pr},Ki=(t=Zi,r,e)=>{let{kind:s,metadata:n}=e,o=globalThis.litPropertyMetadata.get(n);if(o===void 0&&globalThis.litPropertyMetadata.set(n,o=new Map),s==="setter"&&((t=Object.create(t)).wrapped=!0),o.set(e.name,t),s==="accessor"){let{name:i}=e;return{set(l){let c=r.get.call(this);r.set.call(this,l),this.requestUpdate(i,c,t,!0,l)},init(l){return l!==void 0&&this.C(i,void 0,t,l),l}}}if(s==="setter"){let{name:i}=e;return function(l){let c=this[i];r.call(this,l),this.requestUpdate(i,c,t,!0,l)}}throw Error("Unsupported decorator location: "+s)};function O(t){return(r,e)=>typeof e=="object"?Ki(t,r,e):((s,n,o)=>{let i=n.hasOwnProperty(o);return n.constructor.createProperty(o,s),i?Object.getOwnPropertyDescriptor(n,o):void 0})(t,r,e)}function C(t){return O({...t,state:!0,attribute:!1})}var et=(t,r,e)=>(e.configurable=!0,e.enumerable=!0,Reflect.decorate&&typeof r!="object"&&Object.defineProperty(t,r,e),e);function yr(t,r){return(e,s,n)=>{let o=i=>i.renderRoot?.querySelector(t)??null;if(r){let{get:i,set:l}=typeof s=="object"?e:n??(()=>{let c=Symbol();return{get(){return this[c]},set(h){this[c]=h}}})();return et(e,s,{get(){let c=i.call(this);return c===void 0&&(c=o(this),(c!==null||this.hasUpdated)&&l.call(this,c)),c}})}return et(e,s,{get(){return o(this)}})}}var S=class extends qe{createRenderRoot(){return this}},re=class extends EventTarget{changed(){this.dispatchEvent(new Event("change"))}},H=class{constructor(r,...e){this.host=r;this.update=()=>this.host.requestUpdate();this.sources=e,r.addController(this)}hostConnected(){for(let r of this.sources)r.addEventListener("change",this.update)}hostDisconnected(){for(let r of this.sources)r.removeEventListener("change",this.update)}};var ts="task2vec-key",Yi=1500,rs=class extends re{constructor(){super(...arguments);this.locked=!1;this.refused=!1;this.lost=!1;this.checking=!1}get key(){return sessionStorage.getItem(ts)??""}open(e){sessionStorage.setItem(ts,e),this.locked=!1,this.refused=!1,this.changed(),this.dispatchEvent(new Event("back"))}lock(e=!1){sessionStorage.removeItem(ts),this.locked=!0,this.refused=e,this.changed()}lose(){this.lost||(this.lost=!0,this.changed()),this.checking||this.wait()}found(){this.lost&&(this.lost=!1,this.changed(),this.dispatchEvent(new Event("back")))}async wait(){for(this.checking=!0;this.lost;){await new Promise(e=>setTimeout(e,Yi));try{(await fetch("livez",{cache:"no-store"})).ok&&this.found()}catch{}}this.checking=!1}},B=new rs;var Qi=/\{[^{}]+\}/g,Xi=()=>typeof process=="object"&&Number.parseInt(process?.versions?.node?.substring(0,2))>=18&&process.versions.undici;function ea(){return Math.random().toString(36).slice(2,11)}function Mn(t){let{baseUrl:r="",Request:e=globalThis.Request,fetch:s=globalThis.fetch,querySerializer:n,bodySerializer:o,pathSerializer:i,headers:l,requestInitExt:c=void 0,...h}={...t};c=Xi()?c:void 0,r=Rn(r);let m=[];async function u(d,g){let{baseUrl:w,fetch:k=s,Request:M=e,headers:P,params:b={},parseAs:z="json",querySerializer:V,bodySerializer:y=o??ra,pathSerializer:v,body:A,middleware:I=[],...L}=g||{},ee=r;w&&(ee=Rn(w)??r);let J=typeof n=="function"?n:An(n);V&&(J=typeof V=="function"?V:An({...typeof n=="object"?n:{},...V}));let Te=v||i||ta,We=A===void 0?void 0:y(A,Sn(l,P,b.header)),Ae=Sn(We===void 0||We instanceof FormData?{}:{"Content-Type":"application/json"},l,P,b.header),ce=[...m,...I],De={redirect:"follow",...h,...L,body:We,headers:Ae},Oe,Ve,ne=new M(sa(d,{baseUrl:ee,params:b,querySerializer:J,pathSerializer:Te}),De),Y;for(let Z in L)Z in ne||(ne[Z]=L[Z]);if(ce.length){Oe=ea(),Ve=Object.freeze({baseUrl:ee,fetch:k,parseAs:z,querySerializer:J,bodySerializer:y,pathSerializer:Te});for(let Z of ce)if(Z&&typeof Z=="object"&&typeof Z.onRequest=="function"){let K=await Z.onRequest({request:ne,schemaPath:d,params:b,options:Ve,id:Oe});if(K)if(K instanceof M)ne=K;else if(K instanceof Response){Y=K;break}else throw new Error("onRequest: must return new Request() or Response() when modifying the request")}}if(!Y){try{Y=await k(ne,c)}catch(Z){let K=Z;if(ce.length)for(let de=ce.length-1;de>=0;de--){let je=ce[de];if(je&&typeof je=="object"&&typeof je.onError=="function"){let _e=await je.onError({request:ne,error:K,schemaPath:d,params:b,options:Ve,id:Oe});if(_e){if(_e instanceof Response){K=void 0,Y=_e;break}if(_e instanceof Error){K=_e;continue}throw new Error("onError: must return new Response() or instance of Error")}}}if(K)throw K}if(ce.length)for(let Z=ce.length-1;Z>=0;Z--){let K=ce[Z];if(K&&typeof K=="object"&&typeof K.onResponse=="function"){let de=await K.onResponse({request:ne,response:Y,schemaPath:d,params:b,options:Ve,id:Oe});if(de){if(!(de instanceof Response))throw new Error("onResponse: must return new Response() when modifying the response");Y=de}}}}let ir=Y.headers.get("Content-Length");if(Y.status===204||ne.method==="HEAD"||ir==="0"&&!Y.headers.get("Transfer-Encoding")?.includes("chunked"))return Y.ok?{data:void 0,response:Y}:{error:void 0,response:Y};if(Y.ok)return{data:await(async()=>{if(z==="stream")return Y.body;if(z==="json"&&!ir){let K=await Y.text();return K?JSON.parse(K):void 0}return await Y[z]()})(),response:Y};let Je=await Y.text();try{Je=JSON.parse(Je)}catch{}return{error:Je,response:Y}}return{request(d,g,w){return u(g,{...w,method:d.toUpperCase()})},GET(d,g){return u(d,{...g,method:"GET"})},PUT(d,g){return u(d,{...g,method:"PUT"})},POST(d,g){return u(d,{...g,method:"POST"})},DELETE(d,g){return u(d,{...g,method:"DELETE"})},OPTIONS(d,g){return u(d,{...g,method:"OPTIONS"})},HEAD(d,g){return u(d,{...g,method:"HEAD"})},PATCH(d,g){return u(d,{...g,method:"PATCH"})},TRACE(d,g){return u(d,{...g,method:"TRACE"})},use(...d){for(let g of d)if(g){if(typeof g!="object"||!("onRequest"in g||"onResponse"in g||"onError"in g))throw new Error("Middleware must be an object with one of `onRequest()`, `onResponse() or `onError()`");m.push(g)}},eject(...d){for(let g of d){let w=m.indexOf(g);w!==-1&&m.splice(w,1)}}}}function br(t,r,e){if(r==null)return"";if(typeof r=="object")throw new Error("Deeply-nested arrays/objects aren’t supported. Provide your own `querySerializer()` to handle these.");return`${t}=${e?.allowReserved===!0?r:encodeURIComponent(r)}`}function Cn(t,r,e){if(!r||typeof r!="object")return"";let s=[],n={simple:",",label:".",matrix:";"}[e.style]||"&";if(e.style!=="deepObject"&&e.explode===!1){for(let l in r)s.push(l,e.allowReserved===!0?r[l]:encodeURIComponent(r[l]));let i=s.join(",");switch(e.style){case"form":return`${t}=${i}`;case"label":return`.${i}`;case"matrix":return`;${t}=${i}`;default:return i}}for(let i in r){let l=e.style==="deepObject"?`${t}[${i}]`:i;s.push(br(l,r[i],e))}let o=s.join(n);return e.style==="label"||e.style==="matrix"?`${n}${o}`:o}function Pn(t,r,e){if(!Array.isArray(r))return"";if(e.explode===!1){let o={form:",",spaceDelimited:"%20",pipeDelimited:"|"}[e.style]||",",i=(e.allowReserved===!0?r:r.map(l=>encodeURIComponent(l))).join(o);switch(e.style){case"simple":return i;case"label":return`.${i}`;case"matrix":return`;${t}=${i}`;default:return`${t}=${i}`}}let s={simple:",",label:".",matrix:";"}[e.style]||"&",n=[];for(let o of r)e.style==="simple"||e.style==="label"?n.push(e.allowReserved===!0?o:encodeURIComponent(o)):n.push(br(t,o,e));return e.style==="label"||e.style==="matrix"?`${s}${n.join(s)}`:n.join(s)}function An(t){return function(e){let s=[];if(e&&typeof e=="object")for(let n in e){let o=e[n];if(o!=null){if(Array.isArray(o)){if(o.length===0)continue;s.push(Pn(n,o,{style:"form",explode:!0,...t?.array,allowReserved:t?.allowReserved||!1}));continue}if(typeof o=="object"){s.push(Cn(n,o,{style:"deepObject",explode:!0,...t?.object,allowReserved:t?.allowReserved||!1}));continue}s.push(br(n,o,t))}}return s.join("&")}}function ta(t,r){let e=t;for(let s of t.match(Qi)??[]){let n=s.substring(1,s.length-1),o=!1,i="simple";if(n.endsWith("*")&&(o=!0,n=n.substring(0,n.length-1)),n.startsWith(".")?(i="label",n=n.substring(1)):n.startsWith(";")&&(i="matrix",n=n.substring(1)),!r||r[n]===void 0||r[n]===null)continue;let l=r[n];if(Array.isArray(l)){e=e.replace(s,Pn(n,l,{style:i,explode:o}));continue}if(typeof l=="object"){e=e.replace(s,Cn(n,l,{style:i,explode:o}));continue}if(i==="matrix"){e=e.replace(s,`;${br(n,l)}`);continue}e=e.replace(s,i==="label"?`.${encodeURIComponent(l)}`:encodeURIComponent(l))}return e}function ra(t,r){return t instanceof FormData?t:r&&(r.get instanceof Function?r.get("Content-Type")??r.get("content-type"):r["Content-Type"]??r["content-type"])==="application/x-www-form-urlencoded"?new URLSearchParams(t).toString():JSON.stringify(t)}function sa(t,r){let e=`${r.baseUrl}${t}`;r.params?.path&&(e=r.pathSerializer(e,r.params.path));let s=r.querySerializer(r.params.query??{});return s.startsWith("?")&&(s=s.substring(1)),s&&(e+=`?${s}`),e}function Sn(...t){let r=new Headers;for(let e of t){if(!e||typeof e!="object")continue;let s=e instanceof Headers?e.entries():Object.entries(e);for(let[n,o]of s)if(o===null)r.delete(n);else if(Array.isArray(o))for(let i of o)r.append(n,i);else o!==void 0&&r.set(n,o)}return r}function Rn(t){return t.endsWith("/")?t.substring(0,t.length-1):t}var ge=class t extends Error{constructor(e,s){super(e.detail);this.problem=e;this.status=s}static ofPage(e,s={}){return new t({...Dt().problem,title:"The page has failed",code:"page",detail:e,remedy:null,...s},-1)}},Dt=()=>new ge({type:"about:blank",title:"The server does not answer",status:0,code:"unreachable",detail:"The server does not answer.",expected:null,got:null,remedy:"The page tries again by itself. See whether `task2vec open` or `serve` still runs.",request_id:null,fields:[]},0);async function On(t){let r=await t.text();return new ge(ss(r,t.status,t.headers.get("X-Request-ID")),t.status)}function ss(t,r,e){try{let s=JSON.parse(t);if(typeof s.detail=="string")return{...s,fields:s.fields??[]}}catch{}return{type:"about:blank",title:`The server answered ${r}`,status:r,code:"unknown",detail:t.slice(0,300)||`The server answered ${r}.`,expected:null,got:null,remedy:null,request_id:e,fields:[]}}var D=t=>{if(t instanceof ge)return t;let r=t instanceof Error?t.message:String(t);return ge.ofPage(r)};var na=[429,503],oa=2,ia=6,aa=10;async function tt(t){for(let r=1;;r++){let e=await la(()=>ca(t.clone()));if(e.ok)return e;let s=Number(e.headers.get("Retry-After"));if(!na.includes(e.status)||!s||r===ia)throw await On(e);await new Promise(n=>setTimeout(n,1e3*Math.min(s,aa))),t.signal.throwIfAborted()}}var ns=0,_n=[];async function la(t){ns<oa?ns+=1:await new Promise(r=>_n.push(r));try{return await t()}finally{let r=_n.shift();r?r():ns-=1}}async function ca(t){let r=B.key;r&&t.headers.set("Authorization",`Bearer ${r}`);let e;try{e=await fetch(t)}catch(s){throw t.signal.aborted?s:(B.lose(),Dt())}return B.found(),e.status===401&&r===B.key&&B.lock(r!==""),e}var gt=new URL(".",location.href.split("#")[0]).href.replace(/\/$/,""),_=Mn({baseUrl:gt,fetch:tt});async function Q(t){return(await t).data}async function*$r(t){let r;do{let e=(await t(r)).data;yield e,r=e.next_page_token??void 0}while(r)}var os=class extends re{constructor(){super();this.path=[];this.query=new URLSearchParams;addEventListener("hashchange",()=>{this.read(),this.changed()}),this.read()}get page(){return this.path[0]??""}set(e,s=!1){for(let[o,i]of Object.entries(e))i?this.query.set(o,i):this.query.delete(o);let n=G(this.path,this.query);s?history.pushState(null,"",n):history.replaceState(null,"",n),this.changed()}read(){let[e="",s=""]=location.hash.replace(/^#\/?/,"").split("?",2);this.path=e.split("/").filter(Boolean).map(ua),this.query=new URLSearchParams(s)}};function ua(t){try{return decodeURIComponent(t)}catch{return t}}function G(t,r){let e=new URLSearchParams(r).toString();return`#/${t.map(encodeURIComponent).join("/")}${e?`?${e}`:""}`}var is=(t,r)=>{location.hash=G(t,r)},x=new os;var E=t=>a`<bdi class="name" title=${t}>${t.split(/(?<=[/_.-])/).map((r,e)=>e?a`<wbr />${r}`:r)}</bdi>`,ve=(t,r)=>a`<a class="name-link" href=${G(["tasks",t])}>${E(r)}</a>`,j=(t,r=1)=>t==null?"–":`${(100*t).toFixed(r)} %`;function se(t){if(t==null)return"–";let r=Math.abs(100*t).toFixed(1);return r==="0.0"?"0.0":`${t>0?"+":"−"}${r}`}var pe=([t,r],e)=>`${e(t)} to ${e(r)}`,vt=t=>j(t,0),W=(t,r=3)=>t==null?"–":t.toFixed(r).replace("-","−"),T=t=>t==null?"–":t.toLocaleString("en-GB"),rt=(t,r,e=`${r}s`)=>`${T(t)} ${t===1?r:e}`;function wr(t){let r=["B","kB","MB","GB"],e=0;for(;t>=1e3&&e<r.length-1;)t/=1e3,e+=1;return`${t<10&&e?t.toFixed(1):t.toFixed(0)} ${r[e]}`}function oe(t){return t==null?"–":t<90?`${t<10?t.toFixed(1):t.toFixed(0)} s`:t<5400?`${(t/60).toFixed(0)} min`:`${(t/3600).toFixed(1)} h`}var Se=t=>t?new Date(t).toLocaleString("en-GB",{dateStyle:"medium",timeStyle:"short"}):"–",ie=t=>t.split(/`([^`]+)`/).map((r,e)=>e%2?a`<code>${r}</code>`:r),Re=t=>t.length?a`<ul class="warnings">${t.map(r=>a`<li>${ie(r)}</li>`)}</ul>`:p,xr=a`<p>The address names no task. <a href=${G([])}>Choose one on the map.</a></p>`,X=t=>a`<p class="busy" role="status"><span class="spinner" aria-hidden="true"></span>${t}</p>`,kr=t=>a`<p class="card quiet">Your key opens this server for looking only. To ${t} takes one with the scope <code>write</code>.</p>`;var as=50,xe=class extends S{constructor(){super(...arguments);this.rows=[];this.columns=[];this.what="rows";this.empty="There are none yet.";this.sorted=null;this.sought="";this.page=0}render(){let e=this.found(),s=Math.max(1,Math.ceil(e.length/as)),n=Math.min(this.page,s-1),o=e.slice(n*as,(n+1)*as);return a`<div class="table-head">
        <label class="seek"><span class="unseen">Search ${this.what}</span>
          <input type="search" placeholder="Search ${this.what}" .value=${this.sought} @input=${this.seek} />
        </label>
        <span class="quiet" role="status">${this.what}: ${T(e.length)}${e.length<this.rows.length?` of ${T(this.rows.length)}`:""}</span>
      </div>
      ${this.rows.length===0?a`<p class="quiet none">${this.empty}</p>`:this.table(o)}
      ${s>1?a`<nav class="pager" aria-label="Pages of ${this.what}">
            <button type="button" ?disabled=${n===0} @click=${()=>this.page=n-1}>Before</button>
            <span>${n+1} of ${s}</span>
            <button type="button" ?disabled=${n===s-1} @click=${()=>this.page=n+1}>Next</button>
          </nav>`:p}`}table(e){return a`<div class="scroll" tabindex="0" role="region" aria-label=${this.what}>
      <table class="data">
        <thead>
          <tr>
            ${this.columns.map((s,n)=>{let o=s.number?"number":"";if(!s.value)return a`<th scope="col" class=${o}>${s.name||a`<span class="unseen">actions</span>`}</th>`;let i=this.sorted?.column===n?this.sorted.down?"descending":"ascending":p;return a`<th scope="col" class=${o} aria-sort=${i}>
                <button type="button" @click=${()=>this.sort(n)}>${s.name}${i===p?"":i==="ascending"?" ↑":" ↓"}</button>
              </th>`})}
          </tr>
        </thead>
        <tbody>
          ${e.map(s=>a`<tr>${this.columns.map(n=>a`<td class=${n.number?"number":""}>${n.show(s)}</td>`)}</tr>`)}
        </tbody>
      </table>
    </div>`}found(){let e=this.sought.toLowerCase().split(/\s+/).filter(Boolean),s=l=>this.columns.map(c=>String(c.value?.(l)??"")).join(" ").toLowerCase(),n=e.length?this.rows.filter(l=>e.every(c=>s(l).includes(c))):[...this.rows],o=this.sorted&&this.columns[this.sorted.column]?.value;if(!o)return n;let i=this.sorted.down?-1:1;return n.sort((l,c)=>{let[h,m]=[o(l),o(c)];return h==null||m==null?+(h==null)-+(m==null):i*(typeof h=="number"&&typeof m=="number"?h-m:String(h).localeCompare(String(m)))})}seek(e){this.sought=e.target.value,this.page=0}sort(e){let s=this.sorted?.column===e;this.sorted={column:e,down:s?!this.sorted.down:this.columns[e].number===!0},this.page=0}};f([O({attribute:!1})],xe.prototype,"rows",2),f([O({attribute:!1})],xe.prototype,"columns",2),f([O()],xe.prototype,"what",2),f([O()],xe.prototype,"empty",2),f([C()],xe.prototype,"sorted",2),f([C()],xe.prototype,"sought",2),f([C()],xe.prototype,"page",2),xe=f([R("data-table")],xe);var jt=class extends Error{constructor(r,e){super(r),this.name="ParseError",this.type=e.type,this.field=e.field,this.value=e.value,this.line=e.line}},zn=10,pa=13,st=32;function ls(t){}function Un(t){if(typeof t=="function")throw new TypeError("`config` must be an object, got a function instead. Did you mean `createParser({onEvent: fn})`?");let{onEvent:r=ls,onError:e=ls,onRetry:s=ls,onComment:n,maxBufferSize:o}=t,i=[],l=0,c=!0,h,m="",u=0,d,g=!1;function w(y){if(g)throw new Error("Cannot feed parser: it was terminated after exceeding the configured max buffer size. Call `reset()` to resume parsing.");if(c&&(c=!1,y.charCodeAt(0)===239&&y.charCodeAt(1)===187&&y.charCodeAt(2)===191&&(y=y.slice(3))),i.length===0){let I=M(y);I!==""&&(i.push(I),l=I.length),k();return}if(y.indexOf(`
`)===-1&&y.indexOf("\r")===-1){i.push(y),l+=y.length,k();return}i.push(y);let v=i.join("");i.length=0,l=0;let A=M(v);A!==""&&(i.push(A),l=A.length),k()}function k(){o!==void 0&&(l+m.length<=o||(g=!0,i.length=0,l=0,h=void 0,m="",u=0,d=void 0,e(new jt(`Buffered data exceeded max buffer size of ${o} characters`,{type:"max-buffer-size-exceeded"}))))}function M(y){let v=0;if(y.indexOf("\r")===-1){let A=y.indexOf(`
`,v);for(;A!==-1;){if(v===A){u>0&&r({id:h,event:d,data:m}),h=void 0,m="",u=0,d=void 0,v=A+1,A=y.indexOf(`
`,v);continue}let I=y.charCodeAt(v);if(Ln(y,v,I)){let L=y.charCodeAt(v+5)===st?v+6:v+5,ee=y.slice(L,A);if(u===0&&y.charCodeAt(A+1)===zn){r({id:h,event:d,data:ee}),h=void 0,m="",d=void 0,v=A+2,A=y.indexOf(`
`,v);continue}m=u===0?ee:`${m}
${ee}`,u++}else In(y,v,I)?d=y.slice(y.charCodeAt(v+6)===st?v+7:v+6,A)||void 0:P(y,v,A);v=A+1,A=y.indexOf(`
`,v)}return y.slice(v)}for(;v<y.length;){let A=y.indexOf("\r",v),I=y.indexOf(`
`,v),L=-1;if(A!==-1&&I!==-1?L=A<I?A:I:A!==-1?A===y.length-1?L=-1:L=A:I!==-1&&(L=I),L===-1)break;P(y,v,L),v=L+1,y.charCodeAt(v-1)===pa&&y.charCodeAt(v)===zn&&v++}return y.slice(v)}function P(y,v,A){if(v===A){z();return}let I=y.charCodeAt(v);if(Ln(y,v,I)){let Ae=y.charCodeAt(v+5)===st?v+6:v+5,ce=y.slice(Ae,A);m=u===0?ce:`${m}
${ce}`,u++;return}if(In(y,v,I)){d=y.slice(y.charCodeAt(v+6)===st?v+7:v+6,A)||void 0;return}if(I===105&&y.charCodeAt(v+1)===100&&y.charCodeAt(v+2)===58){let Ae=y.slice(y.charCodeAt(v+3)===st?v+4:v+3,A);Ae.includes("\0")||(h=Ae);return}if(I===58){if(n){let Ae=y.slice(v,A);n(Ae.slice(y.charCodeAt(v+1)===st?2:1))}return}let L=y.slice(v,A),ee=L.indexOf(":");if(ee===-1){b(L,"",L);return}let J=L.slice(0,ee),Te=L.charCodeAt(ee+1)===st?2:1,We=L.slice(ee+Te);b(J,We,L)}function b(y,v,A){switch(y){case"event":d=v||void 0;break;case"data":m=u===0?v:`${m}
${v}`,u++;break;case"id":v.includes("\0")||(h=v);break;case"retry":/^\d+$/.test(v)?s(parseInt(v,10)):e(new jt(`Invalid \`retry\` value: "${v}"`,{type:"invalid-retry",value:v,line:A}));break;default:e(new jt(`Unknown field "${y.length>20?`${y.slice(0,20)}…`:y}"`,{type:"unknown-field",field:y,value:v,line:A}));break}}function z(){u>0&&r({id:h,event:d,data:m}),h=void 0,m="",u=0,d=void 0}function V(y={}){if(y.consume&&i.length>0){let v=i.join("");P(v,0,v.length)}c=!0,h=void 0,m="",u=0,d=void 0,i.length=0,l=0,g=!1}return{feed:w,reset:V}}function Ln(t,r,e){return e===100&&t.charCodeAt(r+1)===97&&t.charCodeAt(r+2)===116&&t.charCodeAt(r+3)===97&&t.charCodeAt(r+4)===58}function In(t,r,e){return e===101&&t.charCodeAt(r+1)===118&&t.charCodeAt(r+2)===101&&t.charCodeAt(r+3)===110&&t.charCodeAt(r+4)===116&&t.charCodeAt(r+5)===58}var Er=class extends TransformStream{constructor({onError:r,onRetry:e,onComment:s,maxBufferSize:n}={}){let o;super({start(i){o=Un({onEvent:l=>{i.enqueue(l)},onError(l){typeof r=="function"&&r(l),(r==="terminate"||l.type==="max-buffer-size-exceeded")&&i.error(l)},onRetry:e,onComment:s,maxBufferSize:n})},transform(i){o.feed(i)}})}};var ha=["succeeded","failed","cancelled"],da=1e3,Me=t=>ha.includes(t.state);async function Nn(t,r,e){let s="",n=await Q(_.GET("/v1/jobs/{job}",{params:{path:{job:t}}}));for(r(n);!Me(n)&&!e.aborted;){try{let o=new URL(`v1/jobs/${encodeURIComponent(t)}/events`,document.baseURI),i={Accept:"text/event-stream"};s&&(i["Last-Event-ID"]=s);let h=(await tt(new Request(o,{headers:i,signal:e}))).body.pipeThrough(new TextDecoderStream).pipeThrough(new Er).getReader();for(let m=await h.read();!m.done;m=await h.read())m.value.id&&(s=m.value.id),n=JSON.parse(m.value.data).job,r(n)}catch(o){if(e.aborted)break;if(o instanceof ge&&o.status>=400&&o.status<500)throw o}Me(n)||await new Promise(o=>setTimeout(o,da))}return Me(n)&&(n=await Q(_.GET("/v1/jobs/{job}",{params:{path:{job:t}}}))),r(n),n}var yt=t=>Q(_.POST("/v1/jobs/{job}:cancel",{params:{path:{job:t}}})),Dn=t=>Q(_.POST("/v1/jobs/{job}:retry",{params:{path:{job:t}}}));var F=(t,r)=>{if(!t)return p;let e="problem"in t?t.problem:t;return a`<div class="problem" role="alert">
    <p><strong>${ie(e.detail)}</strong></p>
    ${e.expected?a`<p>Expected: ${e.expected}${e.got?a`; got: <bdi>${e.got}</bdi>`:p}</p>`:p}
    ${e.remedy?a`<p>${ie(e.remedy)}</p>`:p}
    ${e.fields.length?a`<ul>${e.fields.map(s=>a`<li><code>${s.field}</code>: ${s.problem}</li>`)}</ul>`:p}
    ${e.request_id?a`<p class="quiet">Request <code>${e.request_id}</code></p>`:p}
    ${r?a`<button type="button" @click=${r}>Try again</button>`:p}
  </div>`};function nt(t,r,e){if(t.error&&t.state==="failed")return F(t.error);let{stage:s,done:n,total:o,seconds_left:i}=t.progress,l=t.state==="queued",c=l?"waits for a worker":t.state==="cancelling"?"is being cancelled":s||"begins";return a`<div class="job-progress" role="status">
    <p>
      <strong>${r}</strong>: ${c}${o>1&&!l?a`, ${T(n)} of ${T(o)}`:p}${i!=null?a`, about ${oe(i)} left of this step`:p}
    </p>
    ${cs(r,o>1&&!l?n:null,o,Me(t)?void 0:e,t.state==="cancelling")}
  </div>`}var cs=(t,r,e,s,n=!1)=>a`<div class="progress-line">
  <progress aria-label=${t} max=${e||1} value=${r??p}></progress>
  ${s?a`<button type="button" @click=${s} ?disabled=${n}>Cancel</button>`:p}
</div>`;var ye={auto:"any recipe","linear-probe":"a linear probe","last-stage":"the last stage trained","all-layers":"all layers trained"},Tr=t=>t!==null&&Object.hasOwn(ye,t)?t:null,Ce=(t,r)=>t.plans.find(e=>e.recipe===r);function us(t){for(let[r,e]of[["fine_tuning","a short fine-tuning"],["linear_probe","a linear probe"]]){let s=t.evidence.find(n=>n.kind===r&&n.gain!=null);if(s)return{gain:s.gain,by:e}}return null}function Ar(t){let r=Math.min(-.01,...t),e=Math.max(.01,...t),s=.04*(e-r);return[r-s,e+s]}var jn=(t,r)=>t.recommendations.flatMap(e=>[...Ce(e,r)?.gain_interval??[],us(e)?.gain??0]),ma=[.002,.005,.01,.02,.05,.1,.2,.5];function bt(t,r,e=6){let s=ma.find(o=>(r-t)/o<=e)??1,n=[];for(let o=Math.ceil(t/s);o*s<=r;o++)n.push(o*s);return n}function $t(t){if(Math.abs(t)<1e-9)return"0";let r=Math.abs(100*t).toFixed(Math.abs(t)<.0095?1:0);return`${t>0?"+":"−"}${r}`}var ps=class extends re{constructor(){super();this.scopes=[];this.asked=null;B.addEventListener("change",()=>{this.read()}),this.read()}get mayWrite(){return this.scopes.includes("write")}get mayAdmin(){return this.scopes.includes("admin")}async read(){if(this.asked===B.key||B.locked||B.lost)return;let e=this.asked=B.key;try{let s=await Q(_.GET("/v1/key",{}));e===this.asked&&(this.scopes=s.scopes)}catch{this.asked=null,this.scopes=[]}this.changed()}},te=new ps;var Ie=class{constructor(r,e,s){this.host=r;this.kind=e;this.done=s;this.job=null;this.error=null;this.followed="";this.stop=new AbortController;r.addController(this)}get busy(){return this.job!==null&&!Me(this.job)}hostDisconnected(){this.leave()}follow(r){if(r===this.followed)return;this.leave(),this.followed=r;let{signal:e}=this.stop=new AbortController;Nn(r,s=>this.tell(s),e).then(s=>{if(!e.aborted){if(s.kind!==this.kind)throw fa(s,this.kind);this.done(s)}}).catch(s=>{e.aborted||(this.error=D(s),this.host.requestUpdate())})}leave(){this.stop.abort(),this.followed="",this.job=null,this.error=null}cancel(){this.job&&yt(this.job.id).then(r=>r&&this.tell(r),r=>this.fail(r))}fail(r){this.error=D(r),this.host.requestUpdate()}tell(r){r.kind===this.kind&&(this.job=r,this.host.requestUpdate())}},fa=(t,r)=>ge.ofPage("The address names a job of another kind.",{expected:`a job of the kind ${r}`,got:t.kind,remedy:"Open it from the list of jobs."});var hs=26,wt=class extends S{constructor(){super();this.found=null;this.error=null;this.running=new Ie(this,"backtest",e=>{e.state==="succeeded"&&(this.found=e.result)});this.columns=[{name:"task",value:e=>e.task,show:e=>E(e.task)},{name:"family",value:e=>e.family,show:e=>E(e.family)},{name:"taken",value:e=>e.chosen,show:e=>E(e.chosen)},{name:"gain",number:!0,value:e=>e.gain,show:e=>se(e.gain)},{name:"best gain",number:!0,value:e=>e.best_gain,show:e=>se(e.best_gain)},{name:"weighted tau",number:!0,value:e=>e.weighted_kendall,show:e=>W(e.weighted_kendall,2)}];new H(this,te,x)}willUpdate(){let e=x.query.get("job");e&&this.running.follow(e)}async begin(e){e.preventDefault();let s=new FormData(e.target).get("folds");this.error=null;try{let n=await _.POST("/v1/backtests",{body:{folds:s}});x.set({job:n.data.id})}catch(n){this.error=D(n)}}render(){let{job:e,busy:s}=this.running;return a`<div class="page">
      <h1>Is the recommender worth using here?</h1>
      <p class="quiet">It is asked about each task as if the outcomes of that task were not known, beside simple rules.</p>
      ${F(this.error)} ${F(this.running.error)}
      ${te.mayWrite?a`<form class="card buttons" @submit=${this.begin}>
        <label>Unknown with each task:
          <select name="folds">
            <option value="task">the task alone</option>
            <option value="family">its family</option>
          </select>
        </label>
        <button class="first" type="submit" ?disabled=${s}>Run the backtest</button>
      </form>`:kr("run a backtest")}
      ${e&&(s||e.state==="failed")?nt(e,"Backtest",()=>this.running.cancel()):p}
      ${this.found?this.shown(this.found):p}
    </div>`}shown(e){return a`<section class="verdict ${e.verdict==="yes"?"other":"default"}">
        <p class="take">${ie(e.sentence)}</p>
        <p class="quiet">${T(e.tasks)} tasks, ${T(e.models)} models.</p>
      </section>
      ${Re(e.warnings)}
      <section class="card">
        <h2>Gain over the default, by ranker</h2>
        ${ga(e)} ${va(e)}
      </section>
      <section class="card">
        <h2>Task by task</h2>
        <data-table what="tasks" .rows=${e.cases} .columns=${this.columns}></data-table>
      </section>`}};f([C()],wt.prototype,"found",2),f([C()],wt.prototype,"error",2),wt=f([R("backtest-page")],wt);function ga(t){let r=t.rankers.map(l=>({name:l.name,gain:l.gain,ends:l.ci.gain??null})),e=r.flatMap(l=>[l.gain,...l.ends??[]]),[s,n]=[Math.min(-.005,...e),Math.max(.005,...e)],o=l=>`${(26+72*(l-s)/(n-s)).toFixed(2)}%`,i=hs*r.length+24;return a`<figure class="chart">
    <svg width="100%" height=${i} role="img" aria-label="The gain of each ranker with its interval; the table has the numbers">
      ${bt(s,n).map(l=>U`<line class=${Math.abs(l)<1e-9?"zero":"tick"} x1=${o(l)} x2=${o(l)} y1="0" y2=${i-20} />
          <text class="tick-text" x=${o(l)} y=${i-4} text-anchor="middle">${$t(l)}</text>`)}
      ${r.map((l,c)=>{let h=hs*c+hs/2;return U`<text class="chart-label" x="0" y=${h+4}>${l.name.replaceAll("_"," ")}</text>
          ${l.ends?U`<line class="front" x1=${o(l.ends[0])} x2=${o(l.ends[1])} y1=${h} y2=${h} />`:p}
          <circle class="point best" cx=${o(l.gain)} cy=${h} r="5" />`})}
    </svg>
  </figure>`}function va(t){return a`<div class="scroll" tabindex="0" role="region" aria-label="Rankers">
    <table class="data">
      <thead>
        <tr>
          <th scope="col">ranker</th><th scope="col" class="number">gain</th><th scope="col" class="number">regret of its first</th>
          <th scope="col" class="number">its first is best</th><th scope="col" class="number">weighted tau</th>
        </tr>
      </thead>
      <tbody>
        ${t.rankers.map(r=>a`<tr>
            <th scope="row">${r.name.replaceAll("_"," ")}</th>
            <td class="number">${se(r.gain)}${r.ci.gain?a` <small class="quiet">${pe(r.ci.gain,se)}</small>`:p}</td>
            <td class="number">${se(r.regret_at_1)}</td>
            <td class="number">${j(r.top_1,0)}</td>
            <td class="number">${W(r.weighted_kendall,2)}</td>
          </tr>`)}
      </tbody>
    </table>
  </div>`}var qn={at:"backtest",title:"Backtest",menu:"Backtest",show:()=>a`<backtest-page></backtest-page>`};var Bn=/\.(zip|tar|tar\.gz|tgz|tar\.bz2|tar\.xz|npz|parquet)$/i;function ds(t){let r=[...t.items].flatMap(s=>s.webkitGetAsEntry()??[]),e=[...t.files];return r.length?ya(r,e):Promise.resolve(Sr(e))}function Sr(t){let[r]=t;return t.length===1&&r&&Bn.test(r.name)?{name:r.name.replace(Bn,""),members:[],archive:r}:Gn(t.map(e=>({path:e.webkitRelativePath||e.name,file:e})))}async function ya(t,r){if(t.length===1&&t[0].isFile)return Sr(r);let e=[];for(let s of t)await Fn(s,e);return Gn(e)}async function Fn(t,r){if(t.isFile){let s=await new Promise((n,o)=>t.file(n,o));r.push({path:t.fullPath.replace(/^\//,""),file:s});return}let e=t.createReader();for(;;){let s=await new Promise((n,o)=>e.readEntries(n,o));if(!s.length)return;for(let n of s)await Fn(n,r)}}async function Hn(t,r){if(!t||t.archive||r.archive)return r;let e=new Map(t.members.map(n=>[n.path,n.file])),s=[...t.members];for(let{path:n,file:o}of r.members){let i=n,l=e.get(i);for(let c=2;l&&!await ba(l,o);c+=1)i=n.replace(/(\.\w+)?$/,`_${c}$1`),l=e.get(i);l||(e.set(i,o),s.push({path:i,file:o}))}return{name:t.name||r.name,members:s,archive:null}}async function ba(t,r){if(t.size!==r.size)return!1;let[e,s]=[new Uint8Array(await t.arrayBuffer()),new Uint8Array(await r.arrayBuffer())];return e.every((n,o)=>n===s[o])}function Gn(t){let[r]=t[0]?.path.split("/",1)??[];return t.some(n=>n.path.split("/").length>2)&&t.every(n=>n.path.startsWith(`${r}/`))?{name:r??"",members:t.map(n=>({...n,path:n.path.slice(r.length+1)})),archive:null}:{name:"",members:t,archive:null}}var Rr=1e3,$a=3e4,Wn=t=>JSON.stringify(t??null),ms=class extends re{constructor(){super();this.tasks=[];this.byId=new Map;this.models=[];this.defaultModel=null;this.space="";this.stress=null;this.loaded=!1;this.error=null;this.mapError=null;this.asked=null;this.readAt=0;this.probe=null;B.addEventListener("back",()=>{this.reload()}),document.addEventListener("visibilitychange",()=>{this.loaded&&document.visibilityState==="visible"&&this.renew()})}load(){return this.asked??=this.read()}reload(){return this.asked=null,this.load()}renew(){return this.loaded&&performance.now()-this.readAt>$a?this.reload():this.load()}named(e){return this.tasks.find(s=>s.name===e)}find(e){return this.byId.get(e)??this.named(e)}startName(e){return e.start?this.models.find(s=>s.id===e.start)?.name??e.start:null}async showProbe(e){e!==this.probe&&(this.probe=e,await this.place(),this.tasks=[...this.tasks],this.changed())}async read(){this.readAt=performance.now(),this.tasks=await this.place(),this.byId=Vn(this.tasks),this.tasks.length&&(this.loaded=!0),this.changed();try{let e=[];for await(let s of $r(n=>_.GET("/v1/tasks",{params:{query:{page_size:Rr,page_token:n}}})))e.push(...s.tasks.map(n=>this.listed(n)));this.tasks=e,this.byId=Vn(e),this.error=null}catch(e){this.error=D(e),this.asked=null}this.loaded=!0,this.changed(),this.error||await this.readModels()}listed(e){let{id:s,name:n,tags:o,classes:i,images:l,complexity:c,standard_error:h,probe:m}=e,u=this.byId.get(s),d={x:u?.x??null,y:u?.y??null,pictured:u?.pictured??!1},g=Wn(e.space);return{id:s,name:n,tags:o,classes:i,images:l,complexity:c,standard_error:h,probe:m,space:g,bundle:e.bundle??null,...d}}async place(){try{let e=this.probe?{probe:this.probe}:{},s=await Q(_.GET("/v1/map/columns",{params:{query:e}}));this.space=Wn(s.space),this.stress=s.stress,this.mapError=null;for(let n of this.tasks)Object.assign(n,{x:null,y:null});return s.ids.map((n,o)=>{let i={x:s.x[o],y:s.y[o],pictured:s.thumbnails[o]},l=this.byId.get(n);return l?Object.assign(l,i):{id:n,...i,name:s.names[o],tags:s.tags[o],classes:s.classes[o],images:s.images[o],complexity:s.complexity[o],standard_error:s.standard_error[o],bundle:s.bundles[o],probe:null,space:this.space}})}catch(e){return this.mapError=D(e),this.tasks}}async readModels(){try{let e=[];for await(let o of $r(i=>_.GET("/v1/models",{params:{query:{page_size:Rr,page_token:i}}})))e.push(...o.models);this.models=e;let n=(await Q(_.GET("/v1/published-models",{params:{query:{pareto:!1,page_size:Rr,architecture:"*lite0*"}}}))).models.find(o=>o.is_default);this.defaultModel=e.find(o=>o.ref===n?.ref||o.name===n?.name)?.name??e.find(o=>o.name==="efficientnet_lite0")?.name??null,this.changed()}catch{}}},Vn=t=>new Map(t.map(r=>[r.id,r])),$=new ms;async function xt(t){let r=[];for await(let e of $r(s=>_.GET("/v1/outcomes",{params:{query:{...t,page_size:Rr,page_token:s}}})))r.push(...e.outcomes);return r}async function Jn(t){$.defaultModel===null&&await $.readModels();let[r,e]=await Promise.all([xt({model:t}),$.defaultModel?xt({model:$.defaultModel}):[]]),s=i=>`${i.task}
${i.protocol}`,n=new Map(e.map(i=>[s(i),i.accuracy])),o=new Map;for(let i of r){let l=n.get(s(i));l!==void 0&&o.set(i.task,[...o.get(i.task)??[],i.accuracy-l])}return new Map([...o].map(([i,l])=>[i,l.reduce((c,h)=>c+h,0)/l.length]))}function Zn(t,r){let e=new FormData;return e.set("name",r.name),e.set("file",t,r.file),new Promise((s,n)=>{let o=new XMLHttpRequest;o.open("POST",new URL("v1/datasets",document.baseURI)),B.key&&o.setRequestHeader("Authorization",`Bearer ${B.key}`),o.upload.addEventListener("progress",i=>r.tell(i.loaded,i.total)),o.addEventListener("load",()=>{if(o.status<300)return s(JSON.parse(o.responseText));o.status===401&&B.lock(!0);let i=o.getResponseHeader("X-Request-ID");n(new ge(ss(o.responseText,o.status,i),o.status))}),o.addEventListener("error",()=>{B.lose(),n(Dt())}),o.addEventListener("abort",()=>n(new DOMException("cancelled","AbortError"))),r.signal.addEventListener("abort",()=>o.abort()),o.send(e)})}var Kn={},wa=(function(t,r,e,s,n){var o=new Worker(Kn[r]||(Kn[r]=URL.createObjectURL(new Blob([t+';addEventListener("error",function(e){e=e.error;postMessage({$e$:[e.message,e.code,e.stack]})})'],{type:"text/javascript"}))));return o.onmessage=function(i){var l=i.data,c=l.$e$;if(c){var h=new Error(c[0]);h.code=c[1],h.stack=c[2],n(h,null)}else n(null,l)},o.postMessage(e,s),o}),le=Uint8Array,ot=Uint16Array,Xn=Int32Array,vs=new le([0,0,0,0,0,0,0,0,1,1,1,1,2,2,2,2,3,3,3,3,4,4,4,4,5,5,5,5,0,0,0,0]),ys=new le([0,0,0,0,1,1,2,2,3,3,4,4,5,5,6,6,7,7,8,8,9,9,10,10,11,11,12,12,13,13,0,0]),eo=new le([16,17,18,0,8,7,9,6,10,5,11,4,12,3,13,2,14,1,15]),to=function(t,r){for(var e=new ot(31),s=0;s<31;++s)e[s]=r+=1<<t[s-1];for(var n=new Xn(e[30]),s=1;s<30;++s)for(var o=e[s];o<e[s+1];++o)n[o]=o-e[s]<<5|s;return{b:e,r:n}},ro=to(vs,2),bs=ro.b,xa=ro.r;bs[28]=258,xa[258]=28;var so=to(ys,0),no=so.b,ep=so.r,Or=new ot(32768);for(N=0;N<32768;++N)Ue=(N&43690)>>1|(N&21845)<<1,Ue=(Ue&52428)>>2|(Ue&13107)<<2,Ue=(Ue&61680)>>4|(Ue&3855)<<4,Or[N]=((Ue&65280)>>8|(Ue&255)<<8)>>1;var Ue,N,kt=(function(t,r,e){for(var s=t.length,n=0,o=new ot(r);n<s;++n)t[n]&&++o[t[n]-1];var i=new ot(r);for(n=1;n<r;++n)i[n]=i[n-1]+o[n-1]<<1;var l;if(e){l=new ot(1<<r);var c=15-r;for(n=0;n<s;++n)if(t[n])for(var h=n<<4|t[n],m=r-t[n],u=i[t[n]-1]++<<m,d=u|(1<<m)-1;u<=d;++u)l[Or[u]>>c]=h}else for(l=new ot(s),n=0;n<s;++n)t[n]&&(l[n]=Or[i[t[n]-1]++]>>15-t[n]);return l}),qt=new le(288);for(N=0;N<144;++N)qt[N]=8;var N;for(N=144;N<256;++N)qt[N]=9;var N;for(N=256;N<280;++N)qt[N]=7;var N;for(N=280;N<288;++N)qt[N]=8;var N,oo=new le(32);for(N=0;N<32;++N)oo[N]=5;var N;var io=kt(qt,9,1);var ao=kt(oo,5,1),Cr=function(t){for(var r=t[0],e=1;e<t.length;++e)t[e]>r&&(r=t[e]);return r},be=function(t,r,e){var s=r/8|0;return(t[s]|t[s+1]<<8)>>(r&7)&e},Pr=function(t,r){var e=r/8|0;return(t[e]|t[e+1]<<8|t[e+2]<<16)>>(r&7)},lo=function(t){return(t+7)/8|0},_r=function(t,r,e){return(r==null||r<0)&&(r=0),(e==null||e>t.length)&&(e=t.length),new le(t.subarray(r,e))};var co=["unexpected EOF","invalid block type","invalid length/literal","invalid distance","stream finished","no stream handler",,"no callback","invalid UTF-8 data","extra field too long","date not in range 1980-2099","filename too long","stream finishing","invalid zip data"],ae=function(t,r,e){var s=new Error(r||co[t]);if(s.code=t,Error.captureStackTrace&&Error.captureStackTrace(s,ae),!e)throw s;return s},uo=function(t,r,e,s){var n=t.length,o=s?s.length:0;if(!n||r.f&&!r.l)return e||new le(0);var i=!e,l=i||r.i!=2,c=r.i;i&&(e=new le(n*3));var h=function(sn){var nn=e.length;if(sn>nn){var on=new le(Math.max(nn*2,sn));on.set(e),e=on}},m=r.f||0,u=r.p||0,d=r.b||0,g=r.l,w=r.d,k=r.m,M=r.n,P=n*8;do{if(!g){m=be(t,u,1);var b=be(t,u+1,3);if(u+=3,b)if(b==1)g=io,w=ao,k=9,M=5;else if(b==2){var v=be(t,u,31)+257,A=be(t,u+10,15)+4,I=v+be(t,u+5,31)+1;u+=14;for(var L=new le(I),ee=new le(19),J=0;J<A;++J)ee[eo[J]]=be(t,u+J*3,7);u+=A*3;for(var Te=Cr(ee),We=(1<<Te)-1,Ae=kt(ee,Te,1),J=0;J<I;){var ce=Ae[be(t,u,We)];u+=ce&15;var z=ce>>4;if(z<16)L[J++]=z;else{var De=0,Oe=0;for(z==16?(Oe=3+be(t,u,3),u+=2,De=L[J-1]):z==17?(Oe=3+be(t,u,7),u+=3):z==18&&(Oe=11+be(t,u,127),u+=7);Oe--;)L[J++]=De}}var Ve=L.subarray(0,v),ne=L.subarray(v);k=Cr(Ve),M=Cr(ne),g=kt(Ve,k,1),w=kt(ne,M,1)}else ae(1);else{var z=lo(u)+4,V=t[z-4]|t[z-3]<<8,y=z+V;if(y>n){c&&ae(0);break}l&&h(d+V),e.set(t.subarray(z,y),d),r.b=d+=V,r.p=u=y*8,r.f=m;continue}if(u>P){c&&ae(0);break}}l&&h(d+131072);for(var Y=(1<<k)-1,ir=(1<<M)-1,Je=u;;Je=u){var De=g[Pr(t,u)&Y],Z=De>>4;if(u+=De&15,u>P){c&&ae(0);break}if(De||ae(2),Z<256)e[d++]=Z;else if(Z==256){Je=u,g=null;break}else{var K=Z-254;if(Z>264){var J=Z-257,de=vs[J];K=be(t,u,(1<<de)-1)+bs[J],u+=de}var je=w[Pr(t,u)&ir],_e=je>>4;je||ae(3),u+=je&15;var ne=no[_e];if(_e>3){var de=ys[_e];ne+=Pr(t,u)&(1<<de)-1,u+=de}if(u>P){c&&ae(0);break}l&&h(d+131072);var tn=d+K;if(d<ne){var rn=o-ne,Li=Math.min(ne,tn);for(rn+d<0&&ae(3);d<Li;++d)e[d]=s[rn+d]}for(;d<tn;++d)e[d]=e[d-ne]}}r.l=g,r.p=Je,r.b=d,r.f=m,g&&(m=1,r.m=k,r.d=w,r.n=M)}while(!m);return d!=e.length&&i?_r(e,0,d):e.subarray(0,d)};var ka=new le(0);var Ea=function(t,r){var e={};for(var s in t)e[s]=t[s];for(var s in r)e[s]=r[s];return e},Yn=function(t,r,e){for(var s=t(),n=t.toString(),o=n.slice(n.indexOf("[")+1,n.lastIndexOf("]")).replace(/\s+/g,"").split(","),i=0;i<s.length;++i){var l=s[i],c=o[i];if(typeof l=="function"){r+=";"+c+"=";var h=l.toString();if(l.prototype)if(h.indexOf("[native code]")!=-1){var m=h.indexOf(" ",8)+1;r+=h.slice(m,h.indexOf("(",m))}else{r+=h;for(var u in l.prototype)r+=";"+c+".prototype."+u+"="+l.prototype[u].toString()}else r+=h}else e[c]=l}return r},Mr=[],Ta=function(t){var r=[];for(var e in t)t[e].buffer&&r.push((t[e]=new t[e].constructor(t[e])).buffer);return r},Aa=function(t,r,e,s){if(!Mr[e]){for(var n="",o={},i=t.length-1,l=0;l<i;++l)n=Yn(t[l],n,o);Mr[e]={c:Yn(t[i],n,o),e:o}}var c=Ea({},Mr[e].e);return wa(Mr[e].c+";onmessage=function(e){for(var k in e.data)self[k]=e.data[k];onmessage="+r.toString()+"}",e,c,Ta(c),s)},Sa=function(){return[le,ot,Xn,vs,ys,eo,bs,no,io,ao,Or,co,kt,Cr,be,Pr,lo,_r,ae,uo,$s,po,ho]};var po=function(t){return postMessage(t,[t.buffer])},ho=function(t){return t&&{out:t.size&&new le(t.size),dictionary:t.dictionary}},Ra=function(t,r,e,s,n,o){var i=Aa(e,s,n,function(l,c){i.terminate(),o(l,c)});return i.postMessage([t,r],r.consume?[t.buffer]:[]),function(){i.terminate()}};var Pe=function(t,r){return t[r]|t[r+1]<<8},ke=function(t,r){return(t[r]|t[r+1]<<8|t[r+2]<<16|t[r+3]<<24)>>>0},fs=function(t,r){return ke(t,r)+ke(t,r+4)*4294967296};function Ma(t,r,e){return e||(e=r,r={}),typeof e!="function"&&ae(7),Ra(t,r,[Sa],function(s){return po($s(s.data[0],ho(s.data[1])))},1,e)}function $s(t,r){return uo(t,{i:2},r&&r.out,r&&r.dictionary)}var gs=typeof TextDecoder<"u"&&new TextDecoder,Ca=0;try{gs.decode(ka,{stream:!0}),Ca=1}catch{}var Pa=function(t){for(var r="",e=0;;){var s=t[e++],n=(s>127)+(s>223)+(s>239);if(e+n>t.length)return{s:r,r:_r(t,e-1)};n?n==3?(s=((s&15)<<18|(t[e++]&63)<<12|(t[e++]&63)<<6|t[e++]&63)-65536,r+=String.fromCharCode(55296|s>>10,56320|s&1023)):n&1?r+=String.fromCharCode((s&31)<<6|t[e++]&63):r+=String.fromCharCode((s&15)<<12|(t[e++]&63)<<6|t[e++]&63):r+=String.fromCharCode(s)}};function Oa(t,r){if(r){for(var e="",s=0;s<t.length;s+=16384)e+=String.fromCharCode.apply(null,t.subarray(s,s+16384));return e}else{if(gs)return gs.decode(t);var n=Pa(t),o=n.s,e=n.r;return e.length&&ae(8),o}}var _a=function(t,r){return r+30+Pe(t,r+26)+Pe(t,r+28)},za=function(t,r,e){var s=Pe(t,r+28),n=Oa(t.subarray(r+46,r+46+s),!(Pe(t,r+8)&2048)),o=r+46+s,i=ke(t,r+20),l=e&&i==4294967295?La(t,o):[i,ke(t,r+24),ke(t,r+42)],c=l[0],h=l[1],m=l[2];return[Pe(t,r+10),c,h,n,o+Pe(t,r+30)+Pe(t,r+32),m]},La=function(t,r){for(;Pe(t,r)!=1;r+=4+Pe(t,r+2));return[fs(t,r+12),fs(t,r+4),fs(t,r+20)]};var Qn=typeof queueMicrotask=="function"?queueMicrotask:typeof setTimeout=="function"?setTimeout:function(t){t()};function mo(t,r,e){e||(e=r,r={}),typeof e!="function"&&ae(7);var s=[],n=function(){for(var M=0;M<s.length;++M)s[M]()},o={},i=function(M,P){Qn(function(){e(M,P)})};Qn(function(){i=e});for(var l=t.length-22;ke(t,l)!=101010256;--l)if(!l||t.length-l>65558)return i(ae(13,0,1),null),n;var c=Pe(t,l+8);if(c){var h=c,m=ke(t,l+16),u=m==4294967295||h==65535;if(u){var d=ke(t,l-12);u=ke(t,d)==101075792,u&&(h=c=ke(t,d+32),m=ke(t,d+48))}for(var g=r&&r.filter,w=function(M){var P=za(t,m,u),b=P[0],z=P[1],V=P[2],y=P[3],v=P[4],A=P[5],I=_a(t,A);m=v;var L=function(J,Te){J?(n(),i(J,null)):(Te&&(o[y]=Te),--c||i(null,o))};if(!g||g({name:y,size:z,originalSize:V,compression:b}))if(!b)L(null,_r(t,I,I+z));else if(b==8){var ee=t.subarray(I,I+z);if(V<524288||z>.8*V)try{L(null,$s(ee,{out:new le(V)}))}catch(J){L(J,null)}else s.push(Ma(ee,{size:V},L))}else L(ae(14,"unknown compression type "+b,1),null);else L(null,null)},k=0;k<h;++k)w(k)}else i(null,{});return n}var ws=/\.(png|jpe?g|gif|bmp|webp|tiff?|ppm|pgm)$/i,Ia=2e8;async function xs(t){if(t.archive)return{...await Na(t.archive),bytes:t.archive.size};let r=new Map,e=[],s=[],n=0;for(let o of t.members){if(Es(o.path))continue;if(!ws.test(o.path)){e.push(o.path);continue}let i=Ts(o.path);if(i===null){s.push(o.path);continue}r.set(i,[...r.get(i)??[],o]),n+=o.file.size}return{classes:As(r),counts:null,left:e,loose:s.length,named:Ua(s),bytes:n}}var ks=t=>/^(.*?\p{L})[\s._()\d-]*\d\)?\.\w+$/u.exec(t.split("/").at(-1))?.[1]??null,fo=t=>!Es(t)&&ws.test(t)&&Ts(t)===null;function Ua(t){let r=new Map;for(let e of t){let s=ks(e);if(s===null)return null;r.set(s,(r.get(s)??0)+1)}return r.size>1&&r.size<=t.length/2?As(r):null}var go=t=>[...t.classes?.values()??[]].flat();async function Na(t){let r={classes:null,counts:null,left:[],loose:0,named:null};if(!/\.zip$/i.test(t.name)||t.size>Ia)return r;let e=new Uint8Array(await t.arrayBuffer()),s=await new Promise(i=>{let l=[];mo(e,{filter:({name:h})=>(l.push(h),!1)},h=>i(h?null:l))});if(!s)return r;let n=new Map,o=0;for(let i of s){if(Es(i)||!ws.test(i))continue;let l=Ts(i);l===null?o+=1:n.set(l,(n.get(l)??0)+1)}return{...r,counts:As(n),loose:o}}var Es=t=>t.split("/").some(r=>r.startsWith(".")||r==="__MACOSX"),Ts=t=>t.split("/").at(-2)??null,As=t=>new Map([...t].sort(([r],[e])=>r.localeCompare(e)));var Bt=new TextEncoder;function bo(t){let r=[];for(let{path:e,file:s}of t){let n=Bt.encode(e);if(n.length>100||n.length!==e.length){let o=Da("path",e);r.push(vo(Bt.encode("pax"),o.length,"x"),o,yo(o.length))}r.push(vo(n.slice(0,100),s.size,"0"),s,yo(s.size))}return r.push(new Uint8Array(2*512)),new Blob(r,{type:"application/x-tar"})}function vo(t,r,e){let s=new Uint8Array(512),n=(i,l)=>s.set(Bt.encode(l),i);s.set(t,0),n(100,"0000644\0"),n(108,"0000000\0"),n(116,"0000000\0"),n(124,`${r.toString(8).padStart(11,"0")}\0`),n(136,"00000000000\0"),n(148," ".repeat(8)),n(156,e),n(257,"ustar\x0000");let o=s.reduce((i,l)=>i+l,0);return n(148,`${o.toString(8).padStart(6,"0")}\0 `),s}function Da(t,r){let e=Bt.encode(` ${t}=${r}
`),s=e.length;for(;s!==e.length+String(s).length;)s=e.length+String(s).length;let n=new Uint8Array(s);return n.set(Bt.encode(String(s))),n.set(e,s-e.length),n}var yo=t=>new Uint8Array((512-t%512)%512);var Ss={name:"",members:[],archive:null},Rs=class extends re{constructor(){super(...arguments);this.dropped=null;this.content=null;this.name="";this.tags="";this.sent=0;this.total=0;this.error=null;this.uploading=!1;this.unsorted=null;this.dataset=null;this.stop=new AbortController}async take(e,s=this.dropped){let{dropped:n,name:o,tags:i}=this;this.clear();try{this.dropped=await Hn(s,await e),this.name=(this.dropped.archive?"":o)||this.dropped.name,this.tags=i,this.changed(),this.content=await xs(this.dropped)}catch(l){Object.assign(this,{dropped:n,content:n&&await xs(n),name:o,tags:i,error:D(l)})}this.changed()}async classify(e){let s=this.dropped;if(!s)return;let n=s.members.map(({path:o,file:i})=>fo(o)?{path:`${e??ks(o)}/${o}`,file:i}:{path:o,file:i});await this.take(Promise.resolve({...Ss,members:n}),Ss),this.error||(this.unsorted=s),this.changed()}async unsort(){this.unsorted&&await this.take(Promise.resolve(this.unsorted),Ss)}clear(){this.stop.abort(),Object.assign(this,{dropped:null,content:null,name:"",tags:"",unsorted:null,dataset:null,error:null,uploading:!1,sent:0,total:0}),this.changed()}cancel(){this.stop.abort(),this.uploading=!1,this.changed()}async send(){let{dropped:e,content:s}=this;if(!e||!s)return null;this.error=null,this.uploading=!0,this.changed();let{signal:n}=this.stop=new AbortController;try{this.dataset??=await Zn(e.archive??bo(go(s)),{file:e.archive?.name??`${this.name}.tar`,name:this.name,tell:(c,h)=>{Object.assign(this,{sent:c,total:h}),this.changed()},signal:n});let o=this.tags.split(",").map(c=>c.trim()).filter(Boolean),l=(await _.POST("/v1/tasks",{body:{dataset:this.dataset.id,name:this.name,tags:o}})).data;return n.aborted&&await yt(l.id),n.aborted?null:l}catch(o){return n.aborted||(this.error=D(o)),null}finally{this.uploading=!1,this.changed()}}},q=new Rs;var Ms=60,Ft=class extends S{constructor(){super();this.over=!1;this.embedding=new Ie(this,"embed",e=>this.embedded(e));new H(this,te,q,x)}willUpdate(){let e=x.query.get("job");e?this.embedding.follow(e):this.embedding.leave()}render(){let{job:e}=this.embedding;return a`<div class="page drop">
      <h1>Your images</h1>
      ${this.embedding.error?F(this.embedding.error):p}
      ${x.query.has("job")?a`<section class="card">
            ${e?nt(e,"Embedding",()=>this.embedding.cancel()):this.embedding.error?p:X("Asking …")}
            ${this.embedding.error||e?.state==="failed"||e?.state==="cancelled"?a`<p>${e?.state==="cancelled"?"It was cancelled. ":""}<button type="button" @click=${this.again}>Back to the images</button></p>`:p}
          </section>`:a`${F(q.error)} ${te.mayWrite?q.dropped?this.checked():this.zone():kr("add tasks")}`}
    </div>`}zone(){return a`<section
        class="zone ${this.over?"over":""}"
        @dragover=${e=>(e.preventDefault(),this.over=!0)}
        @dragleave=${()=>this.over=!1}
        @drop=${this.drop}
      >
        <p class="take">Drop a folder here: one folder of images for each class.</p>
        <p class="quiet">Or an archive of such folders: .zip, .tar, .tar.gz, .npz or .parquet. Or the images themselves, class by class. Nothing is sent before you say so.</p>
        <div class="buttons">
          ${Ht("Choose a folder","folder")} ${Ht("Choose an archive","archive")} ${Ht("Choose images","images")}
        </div>
      </section>
      <section class="card">
        <h2>What a folder looks like</h2>
        <pre tabindex="0" aria-label="An example of a folder"><code>mushrooms/
  amanita/    0001.jpg  0002.jpg  …
  boletus/    0001.jpg  0002.jpg  …
  chanterelle/ …</code></pre>
        <p class="quiet">Two classes at least, and some five images of each or more. The names of the folders are the classes.</p>
      </section>`}checked(){let{content:e,uploading:s}=q;if(!e)return q.error?a`<button type="button" @click=${()=>q.clear()}>Choose others</button>`:X("Looking at the images …");let n=e.counts??(e.classes&&new Map([...e.classes].map(([l,c])=>[l,c.length]))),o=n?[...n.values()].reduce((l,c)=>l+c,0):null,i=ja(e,n);return a`<form class="card check" @submit=${this.send}>
      <p class="take">
        ${n?a`${rt(o??0,"image")} of ${rt(n.size,"class","classes")}, `:a`${E(q.dropped.archive.name)}, `}${wr(e.bytes)} to send.
      </p>
      ${e.loose?this.loose(e):p}
      ${e.left.length?a`<details><summary>${rt(e.left.length,"other file stays","other files stay")} here</summary><ul>${e.left.slice(0,20).map(l=>a`<li>${E(l)}</li>`)}</ul></details>`:p}
      ${i?a`<p class="problem" role="alert">${i}</p>`:p}
      <div class="limits">
        <label>Name of the task
          <input name="name" required maxlength="200" .value=${q.name} ?disabled=${s} @input=${l=>q.name=l.target.value} />
        </label>
        <label>Tags, with commas between
          <input name="tags" .value=${q.tags} ?disabled=${s} @input=${l=>q.tags=l.target.value} />
        </label>
      </div>
      ${s?a`<div class="job-progress" role="status">
            <p><strong>Sending</strong>: ${wr(q.sent)} of ${wr(q.total||e.bytes)}</p>
            ${cs("Sending",q.sent,q.total,()=>q.cancel())}
          </div>`:a`<div class="buttons">
            <button class="first" type="submit" ?disabled=${i!==null}>Send, embed and recommend</button>
            <button type="button" @click=${()=>q.clear()}>Choose others</button>
            ${q.unsorted?a`<button type="button" @click=${()=>q.unsort()}>Undo the classes</button>`:p}
            ${q.dropped.archive?p:a`${Ht("Add a folder","folder")} ${Ht("Add images","images")}`}
          </div>`}
      ${n?a`<ul class="classes">${[...n].slice(0,Ms).map(([l,c])=>this.classed(l,c,e))}</ul>`:p}
      ${n&&n.size>Ms?a`<p class="quiet">and ${T(n.size-Ms)} more classes</p>`:p}
    </form>`}loose(e){let s=a`<p class="warning">${rt(e.loose,"image lies in no folder and has no class: it is","images lie in no folder and have no class: they are")} not sent.</p>`;if(q.dropped.archive)return s;let{named:n}=e,o=()=>{let i=this.querySelector("input[name=class]"),l=i.value.trim();i.setCustomValidity(l&&!/[/\\]|^\./.test(l)?"":"The name of a class, without slashes and without a dot at its beginning."),i.reportValidity()&&q.classify(l)};return a`${s}
      <div class="limits">
        <label>Class of these images
          <input name="class" maxlength="200" @input=${i=>i.target.setCustomValidity("")} @keydown=${i=>i.key==="Enter"&&(i.preventDefault(),o())} />
        </label>
        <button type="button" @click=${o}>Put them into this class</button>
        ${n?a`<button type="button" @click=${()=>q.classify(null)}>Sort them by their names: ${qa(n)}</button>`:p}
      </div>`}classed(e,s,n){let o=n.classes?.get(e)?.[0]?.file;return a`<li>
      ${o?a`<img alt="" width="64" height="64" loading="lazy" src=${Fa(o)} />`:p}
      <span>${E(e)}</span><span class="quiet">${T(s)}</span>
    </li>`}drop(e){e.preventDefault(),e.stopPropagation(),this.over=!1,e.dataTransfer&&q.take(ds(e.dataTransfer))}async send(e){e.preventDefault();let s=await q.send();s&&x.set({job:s.id},!0)}embedded(e){if(e.state!=="succeeded")return;let s=e.result;q.clear(),$.reload(),is(["recommend",s.id],{new:"1"})}again(){this.embedding.leave(),x.set({job:null})}};f([C()],Ft.prototype,"over",2),Ft=f([R("drop-page")],Ft);function ja(t,r){return r===null?null:r.size<2&&t.loose&&t.classes?"Say which classes these images are of: there have to be two at least.":r.size===0&&t.loose?"No image lies in a folder. Put the images of each class into a folder with its name, and drop the folder that holds these.":r.size<2?`A task has 2 classes at least, and ${r.size===1?"there is one class with images":"there are no images"}. Drop the folder that holds the folders of the classes.`:null}var qa=t=>[...t].slice(0,4).map(([r,e])=>`${r} (${T(e)})`).join(", ")+(t.size>4?", …":""),Ba={folder:p,archive:".zip,.tar,.gz,.tgz,.bz2,.xz,.npz,.parquet",images:"image/*"};function Ht(t,r){let e=s=>{let n=[...s.target.files??[]];n.length&&q.take(Promise.resolve(Sr(n)))};return a`<label class="button ${t==="Choose a folder"?"first":""}">
    ${t}<input class="unseen" type="file" ?webkitdirectory=${r==="folder"} ?multiple=${r==="images"} accept=${Ba[r]} @change=${e} />
  </label>`}var $o=new WeakMap;function Fa(t){let r=$o.get(t);return r||$o.set(t,r=URL.createObjectURL(t)),r}addEventListener("dragover",t=>t.preventDefault());addEventListener("drop",t=>{t.preventDefault(),t.dataTransfer?.items.length&&(q.take(ds(t.dataTransfer)),is(["drop"]))});var wo={at:"drop",title:"Your images",menu:"Your images",show:()=>a`<drop-page></drop-page>`};var Ha=2e3,Ga=500,Et=class extends S{constructor(){super();this.jobs=null;this.error=null;this.timer=0;this.columns=[{name:"job",value:e=>e.kind,show:e=>a`${e.kind} <code class="quiet">${e.id}</code>`},{name:"about",value:e=>e.name,show:e=>this.about(e)},{name:"state",value:e=>e.state,show:e=>this.standing(e)},{name:"begun",value:e=>e.created,show:e=>Se(e.created)},{name:"took",number:!0,value:xo,show:e=>oe(xo(e))},{name:"",show:e=>te.mayWrite?Me(e)?e.state==="succeeded"?p:a`<button type="button" aria-label="Try ${e.id} again" @click=${()=>this.act(Dn(e.id))}>Try again</button>`:a`<button type="button" aria-label="Cancel ${e.id}" ?disabled=${e.state==="cancelling"} @click=${()=>this.act(yt(e.id))}>Cancel</button>`:p}];new H(this,te,x)}connectedCallback(){super.connectedCallback(),this.read(),this.timer=window.setInterval(()=>{document.hidden||this.read()},Ha)}disconnectedCallback(){super.disconnectedCallback(),clearInterval(this.timer)}async read(){try{let e=await Q(_.GET("/v1/jobs",{params:{query:{page_size:Ga}}}));this.jobs=e.jobs,this.error=null}catch(e){this.error=D(e)}}about(e){if(!e.name)return"–";let s=Wa(e);return s?a`<a href=${s}>${E(e.name)}</a>`:E(e.name)}standing(e){if(e.state==="failed")return a`<span class="badge loss">failed</span> <small>${e.error?ie(e.error.detail):p}</small>`;if(Me(e)||e.state==="queued")return a`${e.state}`;let{done:s,total:n,stage:o,seconds_left:i}=e.progress;return a`<progress aria-label="Progress of ${e.id}" max=${n||1} value=${n>1?s:p}></progress>
      <small>${o||e.state}${i==null?"":`, about ${oe(i)} left of this step`}</small>`}async act(e){try{await e,await this.read()}catch(s){this.error=D(s)}}render(){return a`<div class="page">
      <h1>Jobs</h1>
      ${F(this.error)}
      ${this.jobs?a`<section class="card"><data-table what="jobs" empty="No jobs yet. Sending images, measuring and fine-tuning make some." .rows=${this.jobs} .columns=${this.columns}></data-table></section>`:this.error?p:X("Loading …")}
    </div>`}};f([C()],Et.prototype,"jobs",2),f([C()],Et.prototype,"error",2),Et=f([R("jobs-page")],Et);function Wa(t){let r=t.result;return t.state!=="succeeded"||!r?null:t.kind==="embed"&&r.id?G(["tasks",r.id]):t.kind==="recommend"&&r.task?G(["recommend",r.task],{job:t.id}):t.kind==="finetune"&&r.task?G(["tasks",r.task]):null}function xo(t){if(!t.started)return null;let r=t.finished?Date.parse(t.finished):Date.now();return Math.max(0,(r-Date.parse(t.started))/1e3)}var ko={at:"jobs",title:"Jobs",menu:"Jobs",show:()=>a`<jobs-page></jobs-page>`};var Eo=[[0,114,178],[230,159,0],[0,158,115],[204,121,167],[86,180,233],[213,94,0],[120,94,240]],zr=[140,146,158],To=[[68,1,84],[71,44,122],[59,81,139],[44,113,142],[33,144,141],[39,173,129],[92,200,99],[170,220,50],[253,231,37]],Ao=[[179,88,6],[241,163,64],[190,190,196],[103,169,207],[5,100,180]];function So(t,r){let e=Math.max(0,Math.min(1,r))*(t.length-1),s=Math.min(Math.floor(e),t.length-2),n=e-s;return[0,1,2].map(o=>Math.round(t[s][o]*(1-n)+t[s+1][o]*n))}var Gt=t=>`rgb(${t.join(" ")})`;function Ro(t,r,e){if(t.colour==="tag")return Va(r);if(t.colour==="gain"){let c=r.flatMap(u=>e?.get(u.name)??e?.get(u.id)??[]),h=c.reduce((u,d)=>Math.max(u,Math.abs(d)),.01),m=u=>`${u>0?"+":""}${(100*u).toFixed(1)}`;return{of:u=>{let d=e?.get(u.name)??e?.get(u.id);return d===void 0?zr:So(Ao,.5+d/h/2)},legend:t.model?e&&!c.length?{title:`No outcome tells what ${t.model} gains on a task`}:{title:`Gain of ${t.model} over the default, in points`,scale:{colours:Ao,low:m(-h),high:m(h)}}:{title:"Choose a model to see what it gains"}}}let s=c=>t.colour==="classes"?Math.log(Math.max(1,c.classes)):c.complexity,n=r.map(s).filter(c=>c!==null),o=n.reduce((c,h)=>Math.min(c,h),1/0),i=n.reduce((c,h)=>Math.max(c,h),-1/0),l=c=>t.colour==="classes"?Math.exp(c).toFixed(0):c.toFixed(2);return{of:c=>{let h=s(c);return h===null?zr:So(To,i>o?(h-o)/(i-o):.5)},legend:{title:t.colour==="classes"?"Number of classes":"Complexity",scale:{colours:To,low:n.length?l(o):"",high:n.length?l(i):""}}}}function Va(t){let r=Ja(t,Eo.length),e=new Map(r.map((o,i)=>[o,Eo[i]])),s=o=>r.find(i=>o.tags.includes(i)),n=r.map(o=>({name:o,colour:e.get(o)}));return t.some(o=>s(o)===void 0)&&n.push({name:"others",colour:zr}),{of:o=>e.get(s(o)??"")??zr,legend:{title:"Tag",groups:n}}}function Ja(t,r){let e=[],s=t.filter(n=>n.tags.length>0);for(;s.length>0&&e.length<r;){let n=new Map;for(let i of s)for(let l of i.tags)n.set(l,(n.get(l)??0)+1);let[o]=[...n].sort((i,l)=>l[1]-i[1]||i[0].localeCompare(l[0]))[0];e.push(o),s=s.filter(i=>!i.tags.includes(o))}return e}var Lr={ATTRIBUTE:1,CHILD:2,PROPERTY:3,BOOLEAN_ATTRIBUTE:4,EVENT:5,ELEMENT:6},Tt=t=>(...r)=>({_$litDirective$:t,values:r}),Be=class{constructor(r){}get _$AU(){return this._$AM._$AU}_$AT(r,e,s){this._$Ct=r,this._$AM=e,this._$Ci=s}_$AS(r,e){return this.update(r,e)}update(r,e){return this.render(...e)}};var Cs=class extends Be{render(r){return ue}update(r,[e]){return Object.assign(r.element.style,e),ue}},me=Tt(Cs);var At=t=>U`<svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">${t}</svg>`,Mo=U`<svg viewBox="0 0 32 32" aria-hidden="true">
  <rect width="32" height="32" rx="8" fill="#0b2a4a" />
  <g stroke="#7cb8ff" stroke-width="1.6"><path d="M9 22 15 10M15 10l9 5M15 10l5 13" fill="none" /></g>
  <circle cx="9" cy="22" r="3.4" fill="#e69f00" /><circle cx="15" cy="10" r="4.2" fill="#ffffff" />
  <circle cx="24" cy="15" r="2.8" fill="#56b4e9" /><circle cx="20" cy="23" r="2.4" fill="#2fc39a" />
</svg>`,Co=At(U`<circle cx="12" cy="12" r="4" /><path d="M12 2v2m0 16v2M4.9 4.9l1.4 1.4m11.4 11.4 1.4 1.4M2 12h2m16 0h2M4.9 19.1l1.4-1.4M17.7 6.3l1.4-1.4" />`),Po=At(U`<path d="M20 14.5A8.5 8.5 0 0 1 9.5 4 8.5 8.5 0 1 0 20 14.5Z" />`),Oo=At(U`<path d="M12 5v14M5 12h14" />`),_o=At(U`<path d="M5 12h14" />`),zo=At(U`<path d="M7 15.5C4.6 14.4 3 12.6 3 10.5 3 7 7 4 12 4s9 3 9 6.5-4 6.5-9 6.5c-1 0-2-.1-2.9-.3" /><circle cx="7" cy="17" r="2" /><path d="M7 19c0 1.5-1 2.5-2.5 3" />`),Lo=At(U`<path d="M4 9V4h5m6 0h5v5m0 6v5h-5m-6 0H4v-5" />`);var Io=new Map;function Za(t){let r=Io.get(t);return r||(r=tt(new Request(new URL(`v1/tasks/${encodeURIComponent(t)}/thumbnail`,document.baseURI))).then(e=>e.blob()).then(e=>URL.createObjectURL(e)).catch(()=>null),Io.set(t,r)),r}var it=class extends S{constructor(){super(...arguments);this.task="";this.alt="";this.url=null}willUpdate(e){if(!e.has("task"))return;let s=this.task;Za(s).then(n=>{s===this.task&&(this.url=n)})}render(){return this.url?a`<img class="picture" src=${this.url} alt=${this.alt} width="96" height="96" />`:p}};f([O()],it.prototype,"task",2),f([O()],it.prototype,"alt",2),f([C()],it.prototype,"url",2),it=f([R("task-picture")],it);var Ee=class extends re{constructor(e){super();this.ask=e;this.kept=new Map;B.addEventListener("back",()=>this.forgetErrors())}of(e){let s=this.kept.get(e);if(s)return s;let n={value:null,error:null};return this.kept.set(e,n),this.ask(e).then(o=>{n.value=o,this.changed()},o=>{n.error=D(o),this.changed()}),n}forgetErrors(){for(let[e,s]of this.kept)s.error&&this.kept.delete(e);this.changed()}forget(e){e===void 0?this.kept.clear():this.kept.delete(e),this.changed()}};var Ka=8,$e=new Ee(async t=>{let[r="",e]=t.split(" "),s={k:Ka,asymmetric:e==="sources",geometry:"symmetric"},n=await Q(_.GET("/v1/tasks/{task}/neighbours",{params:{path:{task:r},query:s}}));return{neighbours:n.neighbours,warnings:n.warnings??[]}}),Ne=(t,r)=>`${t} ${r?"sources":"alike"}`,Wt=(t,r)=>r.some(e=>e!==t&&e.rank===t.rank);var Ps=class extends re{constructor(){super(...arguments);this.id=null}point(e){e!==this.id&&(this.id=e,this.changed())}},we=new Ps;var Uo="task2vec-theme",Os=class extends re{constructor(){super();this.system=matchMedia("(prefers-color-scheme: dark)");this.chosen=localStorage.getItem(Uo);this.system.addEventListener("change",()=>this.apply()),this.apply()}get dark(){return this.chosen?this.chosen==="dark":this.system.matches}turn(){this.chosen=this.dark?"light":"dark",localStorage.setItem(Uo,this.chosen),this.apply()}apply(){document.documentElement.dataset.theme=this.dark?"dark":"light",this.changed()}},at=new Os;var Ya=["tag","classes","complexity","gain"];function Vt(){let t=new Map;for(let r of $.tasks){let e=r.space,s=t.get(e)??{key:e,probe:r.probe??"",count:0};s.count+=1,t.set(e,s)}return[...t.values()].sort((r,e)=>e.count-r.count)}function _s(){let t=x.query,r=s=>t.get(s)?Number(t.get(s)):null,e=t.get("colour");return{search:t.get("q")??"",space:t.get("space")??"",tags:t.getAll("tag").flatMap(s=>s.split(`
`)).filter(Boolean),least:r("least"),most:r("most"),colour:Ya.includes(e)?e:"tag",model:t.get("model")??"",selected:(t.get("selected")??"").split(",").filter(Boolean),asymmetric:t.get("way")==="sources"}}function No(t){let r=t.search.trim().toLocaleLowerCase(),s=Vt()[Number(t.space)]?.key;return $.tasks.filter(n=>(!r||n.name.toLocaleLowerCase().includes(r)||n.tags.some(o=>o.toLocaleLowerCase().includes(r)))&&(t.space===""||s===void 0||n.space===s)&&(t.tags.length===0||t.tags.some(o=>n.tags.includes(o)))&&(t.least===null||n.classes>=t.least)&&(t.most===null||n.classes<=t.most))}function Do(){let t=new Map;for(let r of $.tasks)for(let e of r.tags)t.set(e,(t.get(e)??0)+1);return[...t].sort((r,e)=>e[1]-r[1]||r[0].localeCompare(e[0]))}var lt=t=>x.set({selected:t.join(",")});function Ir(t){let r=_s().selected;lt(r.includes(t)?r.filter(e=>e!==t):[...r,t])}function Ur(t,r,e=60){let s=[],n=t.map(i=>{let l=i.radius*.8;return[i.x-l,i.y-l,i.x+l,i.y+l]}),o=[];for(let i of t){if(o.length>=e)break;let l=Math.min(150,i.name.length*6.9+6),c=i.x+i.radius+4,h=i.x-i.radius-4-l,m=i.y-18/2,u=[[c,m],[h,m],[i.x-l/2,i.y+i.radius+4],[i.x-l/2,i.y-i.radius-4-18]];for(let[d,g]of u){let w=[d,g,d+l,g+18],k=d>=0&&g>=0&&w[2]<=r.width&&w[3]<=r.height,M=P=>Qa(w,P);if(!(!k||s.some(M)||!i.chosen&&n.some(M))){s.push(w),o.push({...i,left:d,top:g,width:l});break}}}return o}function Qa(t,r){return t[0]<r[2]&&r[0]<t[2]&&t[1]<r[3]&&r[1]<t[3]}var Jt=Tt(class extends Be{constructor(t){if(super(t),t.type!==Lr.ATTRIBUTE||t.name!=="class"||t.strings?.length>2)throw Error("`classMap()` can only be used in the `class` attribute and must be the only part in the attribute.")}render(t){return" "+Object.keys(t).filter(r=>t[r]).join(" ")+" "}update(t,[r]){if(this.st===void 0){this.st=new Set,t.strings!==void 0&&(this.nt=new Set(t.strings.join(" ").split(/\s/).filter(s=>s!=="")));for(let s in r)r[s]&&!this.nt?.has(s)&&this.st.add(s);return this.render(r)}let e=t.element.classList;for(let s of this.st)s in r||(e.remove(s),this.st.delete(s));for(let s in r){let n=!!r[s];n===this.st.has(s)||this.nt?.has(s)||(n?(e.add(s),this.st.add(s)):(e.remove(s),this.st.delete(s)))}return ue}});var{I:Xa}=En,jo=t=>t;var qo=()=>document.createComment(""),St=(t,r,e)=>{let s=t._$AA.parentNode,n=r===void 0?t._$AB:r._$AA;if(e===void 0){let o=s.insertBefore(qo(),n),i=s.insertBefore(qo(),n);e=new Xa(o,i,t,t.options)}else{let o=e._$AB.nextSibling,i=e._$AM,l=i!==t;if(l){let c;e._$AQ?.(t),e._$AM=t,e._$AP!==void 0&&(c=t._$AU)!==i._$AU&&e._$AP(c)}if(o!==n||l){let c=e._$AA;for(;c!==o;){let h=jo(c).nextSibling;jo(s).insertBefore(c,n),c=h}}}return e},Fe=(t,r,e=t)=>(t._$AI(r,e),t),el={},Bo=(t,r=el)=>t._$AH=r,Fo=t=>t._$AH,Nr=t=>{t._$AR(),t._$AA.remove()};var Ho=(t,r,e)=>{let s=new Map;for(let n=r;n<=e;n++)s.set(t[n],n);return s},Rt=Tt(class extends Be{constructor(t){if(super(t),t.type!==Lr.CHILD)throw Error("repeat() can only be used in text expressions")}dt(t,r,e){let s;e===void 0?e=r:r!==void 0&&(s=r);let n=[],o=[],i=0;for(let l of t)n[i]=s?s(l,i):i,o[i]=e(l,i),i++;return{values:o,keys:n}}render(t,r,e){return this.dt(t,r,e).values}update(t,[r,e,s]){let n=Fo(t),{values:o,keys:i}=this.dt(r,e,s);if(!Array.isArray(n))return this.ut=i,o;let l=this.ut??=[],c=[],h,m,u=0,d=n.length-1,g=0,w=o.length-1;for(;u<=d&&g<=w;)if(n[u]===null)u++;else if(n[d]===null)d--;else if(l[u]===i[g])c[g]=Fe(n[u],o[g]),u++,g++;else if(l[d]===i[w])c[w]=Fe(n[d],o[w]),d--,w--;else if(l[u]===i[w])c[w]=Fe(n[u],o[w]),St(t,c[w+1],n[u]),u++,w--;else if(l[d]===i[g])c[g]=Fe(n[d],o[g]),St(t,n[u],n[d]),d--,g++;else if(h===void 0&&(h=Ho(i,g,w),m=Ho(l,u,d)),h.has(l[u]))if(h.has(l[d])){let k=m.get(i[g]),M=k!==void 0?n[k]:null;if(M===null){let P=St(t,n[u]);Fe(P,o[g]),c[g]=P}else c[g]=Fe(M,o[g]),St(t,n[u],M),n[k]=null;g++}else Nr(n[d]),d--;else Nr(n[u]),u++;for(;g<=w;){let k=St(t,c[w+1]);Fe(k,o[g]),c[g++]=k}for(;u<=d;){let k=n[u++];k!==null&&Nr(k)}return this.ut=i,Bo(t,c),ue}});var Zt=class extends S{constructor(){super(...arguments);this.labels=[]}render(){return Rt(this.labels,e=>e.id,e=>a`<bdi class=${Jt({label:!0,chosen:e.chosen,faint:e.faint})}
          ${me({transform:`translate(${e.left}px, ${e.top}px)`,maxWidth:`${e.width}px`})}>${e.name}</bdi>`)}};f([O({attribute:!1})],Zt.prototype,"labels",2),Zt=f([R("map-labels")],Zt);var tl=4,Kt=class extends S{constructor(){super(...arguments);this.line=[]}render(){return a`<svg class="lasso" aria-hidden="true" @pointerdown=${this.begin} @pointermove=${this.draw} @pointerup=${this.end} @pointercancel=${()=>this.line=[]}>
      ${U`<polygon points=${this.line.map(e=>e.join(",")).join(" ")} />`}
    </svg>`}begin(e){e.currentTarget.setPointerCapture(e.pointerId),this.line=[this.place(e)]}draw(e){let s=this.line[this.line.length-1];if(!s)return;let n=this.place(e);Math.hypot(n[0]-s[0],n[1]-s[1])>=tl&&(this.line=[...this.line,n])}end(){let e=this.line;this.line=[],this.dispatchEvent(new CustomEvent("lasso",{detail:e}))}place(e){let s=e.currentTarget.getBoundingClientRect();return[e.clientX-s.left,e.clientY-s.top]}};f([C()],Kt.prototype,"line",2),Kt=f([R("map-lasso")],Kt);var Go=64,rl=4,Yt=class extends S{constructor(){super(...arguments);this.pictures=[]}render(){return Rt(this.pictures,e=>e.id,e=>a`<div class="map-picture" ${me({transform:`translate(${e.x-Go/2}px, ${e.y-e.radius-Go-rl}px)`})}>
        <task-picture .task=${e.id}></task-picture>
      </div>`)}};f([O({attribute:!1})],Yt.prototype,"pictures",2),Yt=f([R("map-pictures")],Yt);var Wo=(t,r)=>a`<div class="legend">
  <h2>${t.title}</h2>
  ${t.groups?a`<ul>
        ${t.groups.map(e=>a`<li><span class="swatch" ${me({background:Gt(e.colour)})}></span><bdi>${e.name}</bdi></li>`)}
      </ul>`:p}
  ${t.scale?a`<div class="ends">
        <span>${t.scale.low}</span>
        <div class="scale" ${me({background:`linear-gradient(to right, ${t.scale.colours.map(Gt).join(", ")})`})}></div>
        <span>${t.scale.high}</span>
      </div>`:p}
  <p>${r.join(" ")}</p>
</div>`;var Vo=t=>t.x!==null&&t.y!==null,sl=[[300,4,9],[2e3,3,6],[2e4,1.2,1.6],[1/0,.8,.8]],nl=80;function zs(t){let r=t.reduce((n,o)=>Math.max(n,o.images),1),[,e,s]=sl.find(([n])=>t.length<=n);return n=>e+s*Math.sqrt(n.images/r)}function Jo(t,r,e){let s=zs(t),n=new Set(e);return t.map(o=>({id:o.id,x:o.x,y:o.y,radius:s(o),colour:r.of(o),selected:n.has(o.id)}))}var Zo=(t,r,e)=>({x:t.x,y:t.y,radius:(t.standard_error??0)/2,colour:r.of(t),marked:e});function Ko(t,r,e){let s=r?.neighbours??[],n=s.filter(c=>c.distance!==null&&e.has(c.id)),o=n.map(c=>c.distance),[i,l]=[Math.min(...o),Math.max(...o)];return n.map(c=>{let h=e.get(c.id);return{from:[t.x,t.y],to:[h.x,h.y],nearness:l>i?(l-c.distance)/(l-i):1,open:Wt(c,s)}})}function Ls(t,r){if(t.length===0)return{x:0,y:0,zoom:8};let e={x:1/0,y:1/0},s={x:-1/0,y:-1/0};for(let{x:i,y:l}of t)e.x=Math.min(e.x,i),e.y=Math.min(e.y,l),s.x=Math.max(s.x,i),s.y=Math.max(s.y,l);let n=i=>Math.max(80,i-2*Math.min(nl,i/6)),o=Math.min(n(r.width)/Math.max(1e-6,s.x-e.x),n(r.height)/Math.max(1e-6,s.y-e.y));return{x:(e.x+s.x)/2,y:(e.y+s.y)/2,zoom:Math.min(11,Math.log2(o))}}var ol="./task-map.js",Is=()=>import(ol),il=400,al=300,Yo=300,ll=12,Qo=5,Dr=20,fe=class extends S{constructor(){super();this.tasks=[];this.failure="";this.lassoing=!1;this.tip=null;this.map=null;this.keeping=0;this.asked=0;this.dots=[];this.changedDots=!0;this.wishes=[];this.fits=!0;new H(this,$e,we,at)}render(){return a`<div class="plane">
      <div class="ground" role="img" aria-label="Map of ${T(this.tasks.length)} tasks; near ones are alike. The table shows the same tasks."></div>
      <map-pictures aria-hidden="true"></map-pictures>
      <map-labels aria-hidden="true"></map-labels>
      ${this.lassoing?a`<map-lasso @lasso=${this.caught}></map-lasso>`:p}
      ${this.tip?this.tooltip(this.tip.task,this.tip.at):p}
      ${this.failure?a`<div class="card no-map" role="status">
            <p><strong>This browser cannot draw the map:</strong> it has no WebGL 2. The table shows the same tasks.</p>
            <p class="quiet">${this.failure}</p>
          </div>`:a`<div class="map-tools" role="group" aria-label="Map">
            <button type="button" aria-label="Zoom in" @click=${()=>this.zoom(1)}>${Oo}</button>
            <button type="button" aria-label="Zoom out" @click=${()=>this.zoom(-1)}>${_o}</button>
            <button type="button" aria-label="Select by a line around" aria-pressed=${this.lassoing} @click=${()=>this.lassoing=!this.lassoing} @keydown=${this.letGo}>${zo}</button>
            <button type="button" aria-label="Show all" @click=${this.showAll}>${Lo}</button>
          </div>`}
      </div>
      ${Wo(this.colouring.legend,this.notes())}`}notes(){let e=["Larger dots: more images."];return this.view.selected.length&&e.push("Lines: the nearest tasks, dotted where others may be as near."),(this.view.selected.length||this.tasks.length<=Yo)&&e.push("Discs: how far two repeats of an embedding lie apart."),$.stress!==null&&e.push(`Distances on the map are off by about ${j($.stress,0)}.`),$.mapError&&e.push(`No map: ${$.mapError.message}`),e}tooltip(e,[s,n]){let{width:o,height:i}=this.size,l=s<o/2,c=n<i/2,h=me({left:l?`${s+16}px`:"auto",right:l?"auto":`${o-s+16}px`,top:c?`${n+12}px`:"auto",bottom:c?"auto":`${i-n+12}px`});return a`<div class="tip" aria-hidden="true" ${h}>
      ${e.pictured?a`<task-picture .task=${e.id}></task-picture>`:p}
      <div>
        <strong><bdi>${e.name}</bdi></strong>
        <p>${T(e.classes)} classes, ${T(e.images)} images</p>
        <p class="quiet">complexity ${W(e.complexity)}, standard error ${W(e.standard_error)}</p>
      </div>
    </div>`}async firstUpdated(){try{let{TaskMap:e}=await Is();if(!this.isConnected)return;this.map=new e(this.ground,this.start(),{hover:(s,n)=>{let o=this.tasks.find(i=>i.id===s);this.tip=o?{task:o,at:n}:null,we.point(s)},click:(s,n)=>{s===null?lt([]):n?Ir(s):lt(this.view.selected.length===1&&this.view.selected[0]===s?[]:[s])},move:(s,n)=>{n&&(this.fits=!1),this.moved(s)},resize:()=>this.resized(),fail:s=>this.failure=s}),this.draw()}catch(e){this.failure=e instanceof Error?e.message:String(e)}}updated(e){let s=e.get("view"),n=s&&s.selected.join()!==this.view.selected.join();(e.has("tasks")||e.has("colouring")||n)&&(this.changedDots=!0),this.map&&e.has("tasks")&&e.get("tasks")?.length===0&&this.map.move(this.start(),!1),this.draw()}disconnectedCallback(){super.disconnectedCallback(),clearTimeout(this.keeping),cancelAnimationFrame(this.asked),this.map?.close(),this.map=null,we.point(null)}draw(){if(!this.map)return;let e=new Map(this.tasks.map(o=>[o.id,o])),s=this.view.selected,n=new Set(we.id?[...s,we.id]:s);this.changedDots&&(this.dots=Jo(this.tasks,this.colouring,s)),this.changedDots=!1,this.map.show({dots:this.dots,halos:this.haloed(n).map(o=>Zo(o,this.colouring,n.has(o.id))),edges:s.slice(0,Qo).flatMap(o=>{let i=e.get(o);return i?Ko(i,$e.of(Ne(o,this.view.asymmetric)).value,e):[]}),dark:at.dark}),this.wishes=this.wish(),this.write()}haloed(e){return this.tasks.length<=Yo?this.tasks:this.tasks.filter(s=>e.has(s.id))}write(){if(!this.map)return;let{width:e,height:s}=this.size,n=this.map.projection,o=[];for(let i of this.wishes){if(o.length>=al)break;[i.x,i.y]=n(i.task.x,i.task.y),i.x>-Dr&&i.y>-Dr&&i.x<e+Dr&&i.y<s+Dr&&o.push(i)}this.names.labels=Ur(o,{width:e,height:s}),this.show(o)}show(e){let n=e.length<=ll&&e.length<this.tasks.length?e.filter(o=>o.task.pictured).map(({id:o,x:i,y:l,radius:c})=>({id:o,x:i,y:l,radius:c})):[];this.thumbnails.pictures=n}caught(e){this.lassoing=!1,lt(this.map?.inside(e.detail)??[])}letGo(e){e.key==="Escape"&&(this.lassoing=!1)}wish(){let e=new Set(this.view.selected),s=new Set(this.view.selected.slice(0,Qo).flatMap(o=>$e.of(Ne(o,this.view.asymmetric)).value?.neighbours??[]).map(o=>o.id)),n=zs(this.tasks);return this.tasks.map(o=>{let i=e.has(o.id)||o.id===we.id,l=o.images+(i?1e9:s.has(o.id)?1e6:0),c=e.size>0&&!i&&!s.has(o.id);return{id:o.id,name:cl(o),x:0,y:0,radius:n(o),weight:l,chosen:i,faint:c,task:o}}).sort((o,i)=>i.weight-o.weight)}moved(e){this.rewrite(),this.tip=null,clearTimeout(this.keeping),this.keeping=setTimeout(()=>{let s=this.fits?null:[e.x.toFixed(4),e.y.toFixed(4),e.zoom.toFixed(2)].join(",");s!==x.query.get("at")&&x.set({at:s})},il)}resized(){this.fits&&this.map?.move(this.start(),!1),this.rewrite()}rewrite(){cancelAnimationFrame(this.asked),this.asked=requestAnimationFrame(()=>this.write())}get size(){return{width:this.ground.clientWidth,height:this.ground.clientHeight}}start(){let[e,s,n]=(x.query.get("at")??"").split(",").map(Number);return this.fits=e===void 0||s===void 0||n===void 0||![e,s,n].every(Number.isFinite),this.fits?Ls(this.tasks,this.size):{x:e,y:s,zoom:n}}zoom(e){let s=this.map?.camera;this.fits=!1,s&&this.map?.move({...s,zoom:s.zoom+e})}showAll(){this.fits=!0,this.map?.move(Ls(this.tasks,this.size))}};f([O({attribute:!1})],fe.prototype,"tasks",2),f([O({attribute:!1})],fe.prototype,"view",2),f([O({attribute:!1})],fe.prototype,"colouring",2),f([C()],fe.prototype,"failure",2),f([C()],fe.prototype,"lassoing",2),f([C()],fe.prototype,"tip",2),f([yr(".ground")],fe.prototype,"ground",2),f([yr("map-labels")],fe.prototype,"names",2),f([yr("map-pictures")],fe.prototype,"thumbnails",2),fe=f([R("map-canvas")],fe);var cl=t=>t.bundle&&t.name.startsWith(`${t.bundle}/`)?t.name.slice(t.bundle.length+1):t.name;var Xo=200;function Qt(t,r,e=!0){if(t.error)return a`${F(t.error)}`;let s=t.value;if(s===null)return X("Looking for near tasks");if(s.neighbours.length===0)return a`<p class="quiet">No other task can be compared with it.</p>`;let n=s.neighbours,o=n.flatMap(u=>[u.distance,...u.interval]).filter(u=>u!==null),[i,l]=[Math.min(0,...o),Math.max(...o)],c=u=>Xo*(u-i)/Math.max(1e-9,l-i),h=n.some(u=>Wt(u,n)),m=e?n.filter(u=>u.shares_images):[];return a`
    ${Re(s.warnings)}
    <table class="forest">
      <caption class="unseen">${r}</caption>
      <thead>
        <tr><th scope="col">Rank</th><th scope="col">Task</th><th scope="col" class="number">Distance</th><th scope="col">95 % interval</th></tr>
      </thead>
      <tbody>
        ${n.map(u=>a`<tr>
            <td>${u.rank}${Wt(u,n)?a`<span class="quiet" title="as near as others, for all that is known"> =</span>`:p}</td>
            <th scope="row">${ve(u.id,u.name)}</th>
            <td class="number">${W(u.distance)}</td>
            <td>${ul(u,c)}<span class="unseen">${W(u.interval[0])} to ${W(u.interval[1])}</span></td>
          </tr>`)}
      </tbody>
    </table>
    ${h?a`<p class="note">= The noise leaves open which of these is nearer: they share a rank.</p>`:p}
    ${m.map(u=>a`<p class="note">It shares ${u.shared_share?j(u.shared_share,0):"some"} of its images with <bdi>${u.name}</bdi>: they are near for that reason, too.</p>`)}
  `}function ul(t,r){let[e,s]=t.interval;return a`<svg viewBox="0 0 ${Xo} 16" preserveAspectRatio="none" aria-hidden="true">
    ${e!==null&&s!==null?U`<line class="reach" x1=${r(e)} x2=${r(s)} y1="8" y2="8" />`:p}
    ${t.distance===null?p:U`<rect class="point" x=${r(t.distance)-2} y="3" width="4" height="10" rx="1" />`}
  </svg>`}var pl="development",Mt=class extends S{constructor(){super(...arguments);this.taking=!1;this.error=null}render(){return a`<div class="empty">
      <h1>No task is stored yet</h1>
      <p>A task is a set of labelled images. Each one that is stored becomes a dot of the map; near dots are alike.</p>
      ${F(this.error)}
      <ol>
        <li class="card">
          <h2>Look around first</h2>
          <p>task2vec knows 34 tasks of many kinds, without their images: letters, icons, clothes, satellite pictures.</p>
          ${this.taking?X("Taking them in"):a`<button class="first" type="button" @click=${this.take}>Show the tasks that come with task2vec</button>`}
        </li>
        <li class="card">
          <h2>From a folder of images, with a folder for each class</h2>
          <p><a class="button" href=${G(["drop"])}>Drop it on the page</a>, or in a terminal:</p>
          <pre tabindex="0">task2vec embed FOLDER --url ${gt}</pre>
        </li>
        <li class="card">
          <h2>From many folders at once</h2>
          <pre tabindex="0">task2vec batch FOLDERS --url ${gt}</pre>
        </li>
      </ol>
    </div>`}async take(){this.taking=!0,this.error=null;try{await Q(_.POST("/v1/bundles/{bundle}:import",{params:{path:{bundle:pl}}})),await $.reload()}catch(e){this.error=D(e)}this.taking=!1}};f([C()],Mt.prototype,"taking",2),f([C()],Mt.prototype,"error",2),Mt=f([R("first-steps")],Mt);var ei=12,hl={tag:"tag",classes:"number of classes",complexity:"complexity",gain:"gain of a model"},Ct=class extends S{constructor(){super();this.allTags=!1;new H(this,$)}render(){let e=this.view,s=Do(),n=this.allTags?s:s.filter(([i],l)=>l<ei||e.tags.includes(i)),o=Vt();return a`<form class="filters" role="search" aria-label="Filter the tasks" @submit=${i=>i.preventDefault()}>
      <div class="field search">
        <label for="q">Name or tag</label>
        <input id="q" type="search" autocomplete="off" spellcheck="false" .value=${e.search} @input=${this.put("q")} />
      </div>
      <div class="field" role="group" aria-label="Classes">
        <span>Classes</span>
        <div class="span">
          <input type="number" min="1" inputmode="numeric" aria-label="At least so many classes" .value=${ti(e.least)} @change=${this.put("least")} />
          <span aria-hidden="true">to</span>
          <input type="number" min="1" inputmode="numeric" aria-label="At most so many classes" .value=${ti(e.most)} @change=${this.put("most")} />
        </div>
      </div>
      ${o.length>1?a`<div class="field">
            <label for="space">Probe</label>
            <select id="space" @change=${this.put("space")}>
              <option value="" ?selected=${e.space===""}>all</option>
              ${o.map((i,l)=>a`<option value=${l} ?selected=${e.space===String(l)}>${i.probe} (${i.count})</option>`)}
            </select>
          </div>`:p}
      <div class="field">
        <label for="colour">Colour by</label>
        <select id="colour" @change=${this.put("colour")}>
          ${Object.entries(hl).map(([i,l])=>a`<option value=${i} ?selected=${e.colour===i}>${l}</option>`)}
        </select>
      </div>
      ${e.colour==="gain"?a`<div class="field">
            <label for="model">Model</label>
            <select id="model" @change=${this.put("model")}>
              <option value="" ?selected=${e.model===""}>choose one</option>
              ${$.models.map(i=>a`<option value=${i.name} ?selected=${e.model===i.name}>${i.name}</option>`)}
            </select>
          </div>`:p}
      ${s.length?a`<div class="chips" role="group" aria-label="Tags">
            <span>Tags</span>
            <ul>
              ${n.map(([i,l])=>a`<li>
                  <button class="chip" type="button" aria-pressed=${e.tags.includes(i)} @click=${()=>this.turn(i)}>
                    <bdi>${i}</bdi><span class="count">${l}</span>
                  </button>
                </li>`)}
              ${s.length>ei?a`<li>
                    <button class="chip" type="button" aria-expanded=${this.allTags} @click=${()=>this.allTags=!this.allTags}>
                      ${this.allTags?"fewer":`all ${s.length}`}
                    </button>
                  </li>`:p}
            </ul>
          </div>`:p}
    </form>`}put(e){return s=>x.set({[e]:s.target.value})}turn(e){let s=this.view.tags;x.set({tag:(s.includes(e)?s.filter(n=>n!==e):[...s,e]).join(`
`)})}};f([O({attribute:!1})],Ct.prototype,"view",2),f([C()],Ct.prototype,"allTags",2),Ct=f([R("task-filters")],Ct);var ti=t=>t===null?"":String(t);var Us=100,Ns=[{key:"name",name:"Task",by:t=>t.name.toLocaleLowerCase()},{key:"classes",name:"Classes",by:t=>t.classes},{key:"images",name:"Images",by:t=>t.images},{key:"complexity",name:"Complexity",meaning:"Distance to the trivial task: the larger, the harder",by:t=>t.complexity??-1/0},{key:"error",name:"Std. error",meaning:"Standard error: how far two repeats lie apart",by:t=>t.standard_error??1/0}],He=class extends S{constructor(){super();this.tasks=[];this.total=0;this.kept={tasks:[],key:"",down:!1,rows:[]};new H(this,we)}render(){let[e,s]=this.order(),n=this.sorted(e,s),o=Math.max(1,Math.ceil(n.length/Us)),i=Math.min(o,Math.max(1,Number(x.query.get("rows"))||1)),l=n.slice((i-1)*Us,i*Us);return a`
      <div class="table-head">
        <h2>Tasks</h2>
        <p class="quiet" role="status">${n.length===this.total?T(n.length):`${T(n.length)} of ${T(this.total)}`}</p>
      </div>
      <div class="scroll" tabindex="0" role="region" aria-label="Table of tasks">
        <table class="tasks">
          <caption class="unseen">Tasks, with the same filters as the map</caption>
          <thead>
            <tr>${Ns.map(c=>this.heading(c,e,s))}</tr>
          </thead>
          <tbody>
            ${Rt(l,c=>c.id,c=>this.row(c))}
          </tbody>
        </table>
      </div>
      ${n.length===0?a`<p class="pager">No task is like that. <button type="button" @click=${dl}>Remove the filters</button></p>`:p}
      ${o>1?a`<div class="pager">
            <button type="button" ?disabled=${i===1} @click=${()=>x.set({rows:String(i-1)})}>Before</button>
            <span>Page ${i} of ${o}</span>
            <button type="button" ?disabled=${i===o} @click=${()=>x.set({rows:String(i+1)})}>Next</button>
          </div>`:p}
    `}heading(e,s,n){let o=e.key===s;return a`<th scope="col" class=${Jt({number:e.key!=="name"})} aria-sort=${o?n?"descending":"ascending":p}>
      <button type="button" title=${e.meaning??p} @click=${()=>x.set({sort:`${o&&!n?"-":""}${e.key}`,rows:null})}>
        ${e.name}${o?a`<span aria-hidden="true">${n?"↓":"↑"}</span>`:p}
      </button>
    </th>`}row(e){let s=this.view.selected.includes(e.id);return a`<tr
      class=${Jt({chosen:s,pointed:we.id===e.id})}
      @pointerenter=${()=>we.point(e.id)}
      @pointerleave=${()=>we.point(null)}
    >
      <th scope="row">
        <div class="who">
          <label><input type="checkbox" .checked=${s} @change=${()=>Ir(e.id)} /><span class="unseen">Select ${e.name}</span></label>
          <span class="dot" ${me({background:Gt(this.colouring.of(e))})}></span>
          ${ve(e.id,e.name)}
        </div>
        ${e.tags.length?a`<p class="under"><bdi>${e.tags.join(" · ")}</bdi></p>`:p}
      </th>
      <td class="number">${T(e.classes)}</td>
      <td class="number">${T(e.images)}</td>
      <td class="number">${W(e.complexity)}</td>
      <td class="number">${W(e.standard_error)}</td>
    </tr>`}order(){let e=x.query.get("sort")??"name",s=e.startsWith("-");return[s?e.slice(1):e,s]}sorted(e,s){if(this.kept.tasks===this.tasks&&this.kept.key===e&&this.kept.down===s)return this.kept.rows;let n=(Ns.find(l=>l.key===e)??Ns[0]).by,o=s?-1:1,i=[...this.tasks].sort((l,c)=>{let[h,m]=[n(l),n(c)];return(h<m?-1:h>m?1:0)*o});return this.kept={tasks:this.tasks,key:e,down:s,rows:i},i}};f([O({attribute:!1})],He.prototype,"tasks",2),f([O({attribute:!1})],He.prototype,"view",2),f([O({attribute:!1})],He.prototype,"colouring",2),f([O({type:Number})],He.prototype,"total",2),He=f([R("task-table")],He);var dl=()=>x.set({q:null,tag:null,least:null,most:null,space:null,rows:null});var Ds=new Ee(Jn);var jr=class extends S{constructor(){super();this.key=[];new H(this,$,x,$e,Ds)}connectedCallback(){super.connectedCallback(),$.renew(),Is().catch(()=>{})}render(){if(!$.loaded)return a`<div class="page">${X("Reading the tasks")}</div>`;if($.error)return a`<div class="page">${F($.error,()=>{$.reload()})}</div>`;if($.tasks.length===0)return a`<first-steps></first-steps>`;let e=_s(),s=e.space===""?void 0:Vt()[Number(e.space)];$.showProbe(s?.probe??null);let{tasks:n,placed:o,colours:i}=this.filtered(e);return a`
      <h1 class="unseen">Map of the tasks</h1>
      <task-filters .view=${e}></task-filters>
      <div class="atlas">
        <section aria-label="Map">
          <map-canvas .tasks=${o} .view=${e} .colouring=${i}></map-canvas>
        </section>
        <div class="beside">
          ${this.selection(e)}
          <task-table .tasks=${n} .view=${e} .colouring=${i} .total=${$.tasks.length}></task-table>
        </div>
      </div>
    `}filtered(e){let s=e.colour==="gain"&&e.model?Ds.of(e.model).value:null,{selected:n,asymmetric:o,...i}=e,l=[$.tasks,$.space,s,JSON.stringify(i)];if(l.some((c,h)=>c!==this.key[h])){let c=No(e);this.kept={tasks:c,placed:c.filter(Vo),colours:Ro(e,c,s)},this.key=l}return this.kept}selection(e){let s=e.selected.map(l=>$.byId.get(l)).filter(l=>l!==void 0),[n,...o]=s;if(!n)return p;let i=$e.of(Ne(n.id,e.asymmetric));return a`<section class="near" aria-label="Selection">
      <header>
        <h2>${E(n.name)}${o.length?a` <span class="quiet">and ${o.length} more</span>`:p}</h2>
        <div class="actions">
          <a class="button" href=${G(["tasks",n.id])}>Open</a>
          <button type="button" @click=${()=>lt([])}>Clear</button>
        </div>
      </header>
      <fieldset class="ways">
        <legend class="unseen">Order of the near tasks</legend>
        <label><input type="radio" name="way" .checked=${!e.asymmetric} @change=${()=>x.set({way:null})} /> Most alike</label>
        <label><input type="radio" name="way" .checked=${e.asymmetric} @change=${()=>x.set({way:"sources"})} /> Best sources for it</label>
      </fieldset>
      ${o.length?a`<p class="quiet">Of ${E(n.name)} alone; ${rt(o.length,"other task is","other tasks are")} selected.</p>`:p}
      ${Qt(i,`Tasks near ${n.name}`)}
    </section>`}};jr=f([R("map-page")],jr);var ri={at:"",title:"Map",menu:"Map",show:()=>a`<map-page></map-page>`};var Xt=class extends S{constructor(){super();this.error=null;this.columns=[{name:"model",value:e=>e.name,show:e=>a`<a href=${G(["outcomes"],{model:e.name})}>${E(e.name)}</a>
        ${e.name===$.defaultModel?a`<span class="badge plain">default</span>`:p}`},{name:"expert of",value:e=>this.taskName(e),show:e=>this.task(e)},{name:"start",value:e=>$.startName(e),show:e=>$.startName(e)?E($.startName(e)):"–"},{name:"architecture",value:e=>e.architecture,show:e=>a`<code>${e.architecture}</code>`},{name:"parameters",number:!0,value:e=>e.parameters,show:e=>T(e.parameters)},{name:"pixels",number:!0,value:e=>e.input_size,show:e=>T(e.input_size)},{name:"licence",value:e=>e.licence,show:e=>e.licence??"–"},{name:"registered",value:e=>e.created,show:e=>Se(e.created)},{name:"",show:e=>e.task&&te.mayWrite?a`<button type="button" aria-label="Remove ${e.name}" @click=${()=>this.drop(e)}>Remove</button>`:p}];new H(this,te,$),$.load()}taskName(e){return e.task?$.byId.get(e.task)?.name??e.task:null}task(e){let s=e.task?$.find(e.task):void 0;return s?ve(s.id,s.name):e.task??"–"}render(){return a`<div class="page">
      <h1>Starting models</h1>
      <p class="quiet">What <a href=${G([])}>a task</a> may start from: plain networks, and experts that were fine-tuned on a task of this store.</p>
      ${F(this.error??$.error)}
      ${$.models.length?a`<section class="card"><data-table what="models" .rows=${$.models} .columns=${this.columns}></data-table></section>`:this.error||$.error?p:X("Loading …")}
    </div>`}async drop(e){if(confirm(`Remove ${e.name} and its weights?`))try{await _.DELETE("/v1/models/{model}",{params:{path:{model:e.id}}}),this.error=null,await $.readModels()}catch(s){this.error=D(s)}}};f([C()],Xt.prototype,"error",2),Xt=f([R("models-page")],Xt);var si={at:"models",title:"Models",menu:"Models",show:()=>a`<models-page></models-page>`};var ni={},js={},qs=34,er=10,Bs=13;function ii(t){return new Function("d","return {"+t.map(function(r,e){return JSON.stringify(r)+": d["+e+'] || ""'}).join(",")+"}")}function ml(t,r){var e=ii(t);return function(s,n){return r(e(s),n,t)}}function oi(t){var r=Object.create(null),e=[];return t.forEach(function(s){for(var n in s)n in r||e.push(r[n]=n)}),e}function he(t,r){var e=t+"",s=e.length;return s<r?new Array(r-s+1).join(0)+e:e}function fl(t){return t<0?"-"+he(-t,6):t>9999?"+"+he(t,6):he(t,4)}function gl(t){var r=t.getUTCHours(),e=t.getUTCMinutes(),s=t.getUTCSeconds(),n=t.getUTCMilliseconds();return isNaN(t)?"Invalid Date":fl(t.getUTCFullYear(),4)+"-"+he(t.getUTCMonth()+1,2)+"-"+he(t.getUTCDate(),2)+(n?"T"+he(r,2)+":"+he(e,2)+":"+he(s,2)+"."+he(n,3)+"Z":s?"T"+he(r,2)+":"+he(e,2)+":"+he(s,2)+"Z":e||r?"T"+he(r,2)+":"+he(e,2)+"Z":"")}function ai(t){var r=new RegExp('["'+t+`
\r]`),e=t.charCodeAt(0);function s(u,d){var g,w,k=n(u,function(M,P){if(g)return g(M,P-1);w=M,g=d?ml(M,d):ii(M)});return k.columns=w||[],k}function n(u,d){var g=[],w=u.length,k=0,M=0,P,b=w<=0,z=!1;u.charCodeAt(w-1)===er&&--w,u.charCodeAt(w-1)===Bs&&--w;function V(){if(b)return js;if(z)return z=!1,ni;var v,A=k,I;if(u.charCodeAt(A)===qs){for(;k++<w&&u.charCodeAt(k)!==qs||u.charCodeAt(++k)===qs;);return(v=k)>=w?b=!0:(I=u.charCodeAt(k++))===er?z=!0:I===Bs&&(z=!0,u.charCodeAt(k)===er&&++k),u.slice(A+1,v-1).replace(/""/g,'"')}for(;k<w;){if((I=u.charCodeAt(v=k++))===er)z=!0;else if(I===Bs)z=!0,u.charCodeAt(k)===er&&++k;else if(I!==e)continue;return u.slice(A,v)}return b=!0,u.slice(A,w)}for(;(P=V())!==js;){for(var y=[];P!==ni&&P!==js;)y.push(P),P=V();d&&(y=d(y,M++))==null||g.push(y)}return g}function o(u,d){return u.map(function(g){return d.map(function(w){return m(g[w])}).join(t)})}function i(u,d){return d==null&&(d=oi(u)),[d.map(m).join(t)].concat(o(u,d)).join(`
`)}function l(u,d){return d==null&&(d=oi(u)),o(u,d).join(`
`)}function c(u){return u.map(h).join(`
`)}function h(u){return u.map(m).join(t)}function m(u){return u==null?"":u instanceof Date?gl(u):r.test(u+="")?'"'+u.replace(/"/g,'""')+'"':u}return{parse:s,parseRows:n,format:i,formatBody:l,formatRows:c,formatRow:h,formatValue:m}}var ct=ai(","),vl=ct.parse,Fs=ct.parseRows,yl=ct.format,bl=ct.formatBody,$l=ct.formatRows,wl=ct.formatRow,xl=ct.formatValue;var Hs=["model","task","accuracy","protocol","images","seed"];function li(t){let[r=[],...e]=Fs(t.replace(/^\uFEFF/,"")),s=r.map(i=>i.trim()),n=s.filter(i=>!Hs.includes(i)),o=Hs.slice(0,3).filter(i=>!s.includes(i));if(o.length||n.length)throw new Error(`The first line has to name the columns ${Hs.join(", ")}; the last three may be left out. ${o.length?`Missing: ${o.join(", ")}.`:`Unknown: ${n.join(", ")}.`}`);return e.map((i,l)=>{let c=Object.fromEntries(s.map((w,k)=>[w,i[k]??""])),h=(w,k=!1)=>{let M=c[w]?.trim()??"";if(M===""&&!k)return;let P=Number(M);if(M===""||!Number.isFinite(P))throw new Error(`Line ${l+2}: ${w} has to be a number, and is "${M}".`);return P},m={model:c.model.trim(),task:c.task.trim(),accuracy:h("accuracy",!0)},u=c.protocol?.trim();u&&(m.protocol=u);let[d,g]=[h("images"),h("seed")];return d!==void 0&&(m.images=d),g!==void 0&&(m.seed=g),m})}var ut=class extends S{constructor(){super();this.found=null;this.error=null;this.told="";this.asked=null;this.columns=[{name:"model",value:e=>e.model,show:e=>E(e.model)},{name:"task",value:e=>e.task,show:e=>{let s=$.named(e.task);return s?ve(s.id,s.name):E(e.task)}},{name:"accuracy",number:!0,value:e=>e.accuracy,show:e=>a`${j(e.accuracy)}${e.interval?a` <small class="quiet">${pe(e.interval,vt)}</small>`:p}`},{name:"test images",number:!0,value:e=>e.images,show:e=>T(e.images)},{name:"protocol",value:e=>e.protocol,show:e=>E(e.protocol)},{name:"from",value:e=>e.bundle??"this store",show:e=>e.bundle?a`bundle ${E(e.bundle)}`:"this store"},{name:"recorded",value:e=>e.created,show:e=>Se(e.created)},{name:"",show:e=>e.bundle||!te.mayWrite?p:a`<button type="button" aria-label="Take back the outcome of ${e.model} on ${e.task}" @click=${()=>this.takeBack(e)}>Take back</button>`}];new H(this,te,x,$),$.load()}get filter(){let[e,s]=[x.query.get("model"),x.query.get("task")];return{...e?{model:e}:{},...s?{task:s}:{}}}willUpdate(){let e=JSON.stringify(this.filter);e!==this.asked&&(this.asked=e,this.read())}async read(){try{this.found=await xt(this.filter),this.error=null}catch(e){this.error=D(e),this.found??=[]}}render(){let{model:e,task:s}=this.filter;return a`<div class="page">
      <h1>Outcomes</h1>
      <p class="quiet">Accuracies after fine-tuning. The recommender learns from them what models gain over the default.</p>
      ${F(this.error)} ${this.told?a`<p role="status" class="told">${this.told}</p>`:p}
      ${e||s?a`<p>
            Only ${e?a`of ${E(e)}`:p} ${s?a`on ${E(s)}`:p}.
            <button type="button" @click=${()=>x.set({model:null,task:null})}>Show all</button>
          </p>`:p}
      ${te.mayWrite?this.recording():p}
      ${this.found?a`<section class="card"><data-table what="outcomes" empty="No outcome is recorded yet. Fine-tune a model, or record what you measured." .rows=${this.found} .columns=${this.columns}></data-table></section>`:X("Loading …")}
    </div>`}recording(){return a`<details class="card">
      <summary><h2>Record outcomes</h2></summary>
      <form class="limits" @submit=${this.record}>
        <label>Model
          <select name="model" required>${$.models.map(e=>a`<option ?selected=${e.name===this.filter.model}>${e.name}</option>`)}</select>
        </label>
        <label>Task
          <select name="task" required>${$.tasks.map(e=>a`<option ?selected=${e.name===this.filter.task}>${e.name}</option>`)}</select>
        </label>
        <label>Accuracy, percent <input name="accuracy" type="number" min="0" max="100" step="any" required /></label>
        <label>Test images <input name="images" type="number" min="1" step="1" /></label>
        <label>Protocol <input name="protocol" placeholder="fine-tuning" maxlength="500" /></label>
        <button type="submit">Record</button>
      </form>
      <p class="drop-here" @dragover=${e=>e.preventDefault()} @drop=${this.drop}>
        Or drop a CSV file here, with the columns <code>model,task,accuracy[,protocol][,images][,seed]</code>:
        all its outcomes are recorded, or none.
        <label class="button">Choose a file<input class="unseen" type="file" accept=".csv,text/csv" @change=${this.chosen} /></label>
      </p>
    </details>`}async record(e){e.preventDefault();let s=e.target,n=new FormData(s),[o,i]=[String(n.get("images")??""),String(n.get("protocol")??"").trim()];await this.add([{model:String(n.get("model")),task:String(n.get("task")),accuracy:Number(n.get("accuracy"))/100,...o?{images:Number(o)}:{},...i?{protocol:i}:{}}]),this.error||s.reset()}async add(e){try{await _.POST("/v1/outcomes",{body:{outcomes:e}}),this.told=e.length===1?"The outcome is recorded.":`${T(e.length)} outcomes are recorded.`,this.error=null,await this.read()}catch(s){this.told="",this.error=D(s)}}drop(e){e.preventDefault(),e.stopPropagation(),this.bring(e.dataTransfer?.files[0])}chosen(e){this.bring(e.target.files?.[0])}async bring(e){if(e)try{await this.add(li(await e.text()))}catch(s){this.told="",this.error=D(s)}}async takeBack(e){try{await _.DELETE("/v1/outcomes/{outcome}",{params:{path:{outcome:e.id}}}),this.told=`The outcome of ${e.model} on ${e.task} is taken back.`,await this.read()}catch(s){this.error=D(s)}}};f([C()],ut.prototype,"found",2),f([C()],ut.prototype,"error",2),f([C()],ut.prototype,"told",2),ut=f([R("outcomes-page")],ut);var ci={at:"outcomes",title:"Outcomes",menu:"Outcomes",show:()=>a`<outcomes-page></outcomes-page>`};var kl=2e3,pt=class extends S{constructor(){super(...arguments);this.code="";this.what="code";this.copied=!1}render(){return a`<div class="copy">
      <pre tabindex="0" aria-label=${`The ${this.what}`}><code>${this.code}</code></pre>
      <button type="button" @click=${this.copy}>${this.copied?"Copied":`Copy the ${this.what}`}</button>
      <span class="unseen" role="status">${this.copied?`The ${this.what} is copied.`:""}</span>
    </div>`}async copy(){try{await navigator.clipboard.writeText(this.code)}catch{getSelection()?.selectAllChildren(this.querySelector("code"));return}this.copied=!0,setTimeout(()=>this.copied=!1,kl)}};f([O()],pt.prototype,"code",2),f([O()],pt.prototype,"what",2),f([C()],pt.prototype,"copied",2),pt=f([R("copy-code")],pt);var El=12,Tl=8;function ui(t,r,e){let s=t.recommendations.find(o=>o.model===r),n=t.explanation?.outcomes.find(o=>o.model===r);return a`<section class="card">
    <h2>What speaks for ${E(r)}</h2>
    ${e==="linear-probe"?p:a`<p class="quiet">It is reckoned in gains of a linear probe. What is expected with ${ye[e]} follows from them.</p>`}
    ${t.explanation?Gs(t.explanation,"outcomes",r):p}
    ${n?a`${Al([["before any outcome",n.prior],[`by ${T(n.outcomes)} recorded outcomes`,n.by_outcomes],["by measuring on these images",n.by_measuring],["expected gain of a linear probe",n.score]])}
        ${n.neighbours.length?a`<h3>Known tasks that moved it</h3>
              ${Sl(n.neighbours.slice(0,Tl).map(o=>({label:a`${E(o.task)} <span class="quiet">distance ${W(o.distance,2)}</span>`,value:o.moved})))}`:p}`:p}
    ${s?.evidence.length?a`<h3>Evidence</h3>
          <ul class="reasons">
            ${s.evidence.map(o=>a`<li>${ie(o.text)}</li>`)}
          </ul>`:p}
  </section>`}var Al=t=>a`<table class="sum">
  <tbody>
    ${t.map(([r,e],s)=>a`<tr class=${s===t.length-1?"total":""}>
        <th scope="row">${r}</th>
        <td class="number">${se(e)}</td>
      </tr>`)}
  </tbody>
</table>`;function Sl(t,r=se){let e=Math.max(...t.map(s=>Math.abs(s.value)),1e-9);return a`<table class="bars">
    <tbody>
      ${t.map(({label:s,value:n})=>{let o=50*Math.abs(n)/e;return a`<tr>
          <th scope="row">${s}</th>
          <td class="plot">
            <svg width="100%" height="14" aria-hidden="true">
              <rect class=${n<0?"loss":"gain"} x="${n<0?50-o:50}%" width="${o}%" y="2" height="10" />
              <line class="zero" x1="50%" x2="50%" y1="0" y2="14" />
            </svg>
          </td>
          <td class="number">${r(n)}</td>
        </tr>`})}
    </tbody>
  </table>`}function pi(t){return t.layers.length?a`<section class="card">
    <h2>Layers that agree and differ</h2>
    ${Gs(t,"layers")}
    ${t.layers.map(({task:r,by_layer:e})=>{let s=Math.max(...e.groups.map(n=>n.share),1e-9);return a`<h3>${E(r)}, distance ${W(e.distance,3)}</h3>
        <table class="bars">
          <tbody>
            ${e.groups.map(n=>a`<tr>
                <th scope="row"><code>${n.name}</code></th>
                <td class="plot">
                  <svg width="100%" height="14" aria-hidden="true">
                    <rect class=${n.name===e.farthest?"loss":"gain"} x="0" width="${Math.max(0,100*n.share/s)}%" y="2" height="10" />
                  </svg>
                </td>
                <td class="number" title="its share of the distance">${j(n.share,0)}</td>
              </tr>`)}
          </tbody>
        </table>
        <p class="quiet">
          ${e.beyond_noise?a`They differ most in <code>${e.farthest}</code> and least in <code>${e.nearest}</code>.`:"No layer differs from another by more than the noise."}
        </p>`})}
  </section>`:fi(t,"layers","Layers")}function hi(t){let r=t.classes;if(!r)return fi(t,"classes","Classes");let e=[...r.classes].sort((s,n)=>s.accuracy-n.accuracy).slice(0,El);return a`<section class="card">
    <h2>Classes, the hardest first</h2>
    ${Gs(t,"classes")}
    <table class="bars">
      <tbody>
        ${e.map(s=>a`<tr>
            <th scope="row">
              ${E(s.name)} ${s.hard?a`<span class="badge loss">hard</span>`:p}
              ${s.taken_for?a`<small class="quiet">taken for ${E(s.taken_for.name)}</small>`:p}
            </th>
            <td class="plot">
              <svg width="100%" height="14" aria-hidden="true">
                <rect class="bar-ground" x="0" width="100%" y="2" height="10" />
                <rect class=${s.hard?"loss":"gain"} x="0" width="${100*s.accuracy}%" y="2" height="10" />
                <line class="interval" x1="${100*s.interval[0]}%" x2="${100*s.interval[1]}%" y1="7" y2="7" />
              </svg>
            </td>
            <td class="number" title="${s.correct} of ${s.images} images">${j(s.accuracy,0)}</td>
          </tr>`)}
      </tbody>
    </table>
    ${r.classes.length>e.length?a`<p class="quiet">${T(r.classes.length-e.length)} more classes do better.</p>`:p}
  </section>`}var Rl={always_default:"always the default",average_best:"the best on average elsewhere",nearest_only:"the expert of the nearest task"},di=t=>a`<section class="card">
  <h2>What simpler rules would take</h2>
  <table class="plain-table">
    <thead>
      <tr><th scope="col">rule</th><th scope="col">model</th><th scope="col">why</th></tr>
    </thead>
    <tbody>
      ${t.baselines.map(r=>a`<tr>
          <th scope="row">${Rl[r.rule]??r.rule}</th>
          <td>${r.model?E(r.model):"none"}</td>
          <td>${r.reason}</td>
        </tr>`)}
    </tbody>
  </table>
</section>`,mi=t=>t.shared_images.length?a`<section class="card">
        <h2>Shared images</h2>
        <ul>
          ${t.shared_images.map(r=>a`<li>
              ${E(r.task)}: ${T(r.images)} of ${T(r.of)} images look like copies${r.excluded?"; it is not used":""}
            </li>`)}
        </ul>
      </section>`:p,Gs=(t,r,e="")=>t.sentences.filter(s=>s.about===r&&(!e||s.text.startsWith(`${e}:`))).map(s=>a`<p>${ie(s.text)}</p>`);function fi(t,r,e){let s=t.unknown.find(n=>n.about===r);return s?a`<section class="card"><h2>${e}</h2><p class="quiet">${ie(s.reason)}</p></section>`:p}var Ws=30,Ml=.001;function gi(t,r,e){let s=Pl(Ar(jn(t,r))),n=t.recommendations.some(o=>Ce(o,r)?.seconds!=null);return a`<div class="scroll" tabindex="0" role="region" aria-label="Candidates">
    <table class="candidates">
      <caption>
        Gain over ${E(e)} with ${ye[r]}, in points of accuracy, with ${j(t.level,0)} intervals
      </caption>
      <thead>
        <tr>
          <th scope="col">model</th>
          <th scope="col" class="plot"><span class="unseen">plot of the gain</span>${Ol(s)}</th>
          <th scope="col" class="number">gain</th>
          <th scope="col" class="number">measured</th>
          <th scope="col" class="number">accuracy</th>
          ${n?a`<th scope="col" class="number">time</th>`:p}
        </tr>
      </thead>
      <tbody>
        ${t.recommendations.map(o=>_l(o,r,t,s,n,e))}
      </tbody>
    </table>
  </div>
  ${Cl(t,r,e)?p:a`<p class="note">Go by the gains: accuracies end at 0 and 100 %, so they are no plain sums.</p>`}`}function Cl(t,r,e){let s=t.recommendations.map(o=>({model:o.model,plan:Ce(o,r)})),n=s.find(({model:o})=>o===e)?.plan?.accuracy;return s.every(({plan:o})=>n==null||o?.accuracy==null||Math.abs(o.accuracy-n-o.gain)<Ml)}function Pl([t,r]){return{at:e=>`${(100*(e-t)/(r-t)).toFixed(2)}%`,ticks:bt(t,r)}}var Ol=({at:t,ticks:r})=>a`<svg class="axis" width="100%" height="18" aria-hidden="true">
  ${r.map(e=>U`<text x=${t(e)} y="13" text-anchor="middle">${$t(e)}</text>`)}
</svg>`;function _l(t,r,e,s,n,o){let i=Ce(t,r),l=us(t),c=t.model===e.chosen;return a`<tr class=${c?"taken":""}>
    <th scope="row">
      ${E(t.model)}
      ${c?a`<span class="badge">taken</span>`:p}
      ${t.model===o?a`<span class="badge plain">default</span>`:p}
    </th>
    <td class="plot">${i?zl(i.gain,i.gain_interval,l?.gain??null,s,t.model===o):p}</td>
    <td class="number">
      ${t.model===o?"0":se(i?.gain)}
      ${i&&t.model!==o?a`<small>${pe(i.gain_interval,se)}</small>`:p}
    </td>
    <td class="number" title=${l?`by ${l.by}`:p}>${l?se(l.gain):"–"}</td>
    <td class="number">
      ${j(i?.accuracy)}
      ${i?.accuracy_interval?a`<small>${pe(i.accuracy_interval,vt)}</small>`:p}
    </td>
    ${n?a`<td class="number">${oe(i?.seconds)}</td>`:p}
  </tr>`}function zl(t,[r,e],s,{at:n,ticks:o},i){let l=Ws/2,c=i?"open":r>0?"gain":e<0?"loss":"open";return a`<svg class="bar ${c}" width="100%" height=${Ws} aria-hidden="true">
    ${o.map(h=>U`<line class=${Math.abs(h)<1e-9?"zero":"tick"} x1=${n(h)} x2=${n(h)} y1="0" y2=${Ws} />`)}
    ${i?p:U`<line class="interval" x1=${n(r)} x2=${n(e)} y1=${l} y2=${l} />
          <line class="cap" x1=${n(r)} x2=${n(r)} y1=${l-4} y2=${l+4} />
          <line class="cap" x1=${n(e)} x2=${n(e)} y1=${l-4} y2=${l+4} />`}
    ${s===null||i?p:U`<circle class="measured" cx=${n(s)} cy=${l} r="5" />`}
    <circle class="point" cx=${n(i?0:t)} cy=${l} r="5" />
  </svg>`}var Ll=["max_parameters","max_input_size"];function vi(t){let r=(e,s=1)=>{let n=Number(t.get(e));return Number.isFinite(n)&&n>0?Math.round(n*s):null};return{recipe:Tr(t.get("recipe"))??"auto",time:r("minutes",60),max_parameters:r("max_parameters",1e6),max_input_size:r("max_input_size"),architecture:t.get("architecture"),licence:t.get("licence"),bundles:t.get("bundles")!=="no"}}var tr=class extends S{render(){let{limits:r}=this;return a`<form class="limits" @submit=${this.apply}>
      <label>How the model is trained
        <select name="recipe">
          ${[["auto","whatever promises most"],["linear-probe","a linear probe"],["last-stage","the last stage"],["all-layers","all layers"]].map(([e,s])=>a`<option value=${e} ?selected=${e===r.recipe}>${s}</option>`)}
        </select>
      </label>
      <label>Time there is, minutes
        <input name="minutes" type="number" min="0.1" step="any" .value=${r.time===null?"":String(r.time/60)} placeholder="any" />
      </label>
      <label>Parameters at most, millions
        <input name="max_parameters" type="number" min="0.001" step="any" .value=${r.max_parameters===null?"":String(r.max_parameters/1e6)} placeholder="any" />
      </label>
      <label>Pixels a side at most
        <input name="max_input_size" type="number" min="1" step="1" .value=${r.max_input_size===null?"":String(r.max_input_size)} placeholder="any" />
      </label>
      <label>Architecture
        <input name="architecture" .value=${r.architecture??""} placeholder="any, such as *resnet*" />
      </label>
      <label>Licence
        <input name="licence" .value=${r.licence??""} placeholder="any, such as Apache-2.0" />
      </label>
      <label class="tick-box"><input type="checkbox" name="bundles" ?checked=${r.bundles} /> Use tasks and outcomes of bundles</label>
      <button type="submit">Apply</button>
    </form>`}apply(r){r.preventDefault();let e=new FormData(r.target),s=o=>String(e.get(o)??"").trim()||null,n=s("recipe");x.set({recipe:n==="auto"?null:n,minutes:s("minutes"),...Object.fromEntries(Ll.map(o=>[o,s(o)])),architecture:s("architecture"),licence:s("licence"),bundles:e.has("bundles")?null:"no",job:null},!0)}};f([O({attribute:!1})],tr.prototype,"limits",2),tr=f([R("limits-form")],tr);var Pt=620,ht=280,Ot=52,qr=20,Il=16,Vs=44,yi=5,bi=19;function $i(t,r,e){let s=t.recommendations.every(b=>Ce(b,r)?.seconds!=null),n=new Map(e.map(b=>[b.name,b.parameters])),o=t.recommendations.flatMap(b=>{let z=Ce(b,r),V=s?z?.seconds:n.get(b.model);return z&&V!=null&&V>0?[{model:b.model,cost:V,gain:z.gain,best:!1}]:[]}),i=Ul(o);if(new Set(i.map(b=>b.cost)).size<2)return p;let l=s?"time of training":"parameters",c=b=>s?oe(b):b>=1e6?`${(b/1e6).toFixed(1)} M`:T(b),[h,m]=Ar(i.map(b=>b.gain)),u=i.map(b=>b.cost),[d,g]=[Math.min(...u),Math.max(...u)],w=b=>Ot+(Pt-Ot-qr)*(Math.log(b/d)+.08)/(Math.log(g/d)+.16),k=b=>ht-Vs-(ht-Il-Vs)*(b-h)/(m-h),M=i.filter(b=>b.best),P=Ur(M.map(({model:b,cost:z,gain:V})=>({id:b,name:Nl(b),x:w(z),y:k(V)-3*yi,radius:0,weight:0,chosen:!1,faint:!1})),{width:Pt,height:ht-Vs});return a`<figure class="chart">
    <svg viewBox="0 0 ${Pt} ${ht}" role="img" aria-label=${`Gain against ${l}; the table under it has the numbers`}>
      ${bt(h,m).map(b=>U`<line class=${Math.abs(b)<1e-9?"zero":"tick"} x1=${Ot} x2=${Pt-qr} y1=${k(b)} y2=${k(b)} />
          <text class="tick-text" x=${Ot-8} y=${k(b)+4} text-anchor="end">${$t(b)}</text>`)}
      <text class="tick-text" x=${Ot} y=${ht-24}>${c(d)}</text>
      <text class="tick-text" x=${Pt-qr} y=${ht-24} text-anchor="end">${c(g)}</text>
      <text class="tick-text" x=${(Ot+Pt-qr)/2} y=${ht-6} text-anchor="middle">${l} (logarithmic)</text>
      <polyline class="front" points=${M.map(b=>`${w(b.cost)},${k(b.gain)}`).join(" ")} />
      ${i.map(b=>U`<circle class=${b.best?"point best":"point"} cx=${w(b.cost)} cy=${k(b.gain)} r=${yi}>
            <title>${b.model}: ${se(b.gain)} points, ${c(b.cost)}</title>
          </circle>`)}
      ${P.map(b=>U`<text class="chart-label" x=${b.left+3} y=${b.top+13}>${b.name}</text>`)}
    </svg>
    <figcaption>
      ${M.length===1?a`Nothing that costs more promises more than ${E(M[0].model)}.`:a`The line joins the models that no cheaper one beats.`}
    </figcaption>
  </figure>`}function Ul(t){let r=-1/0;return[...t].sort((e,s)=>e.cost-s.cost||s.gain-e.gain).map(e=>{let s=e.gain>r;return s&&(r=e.gain),{...e,best:s}})}var Nl=t=>t.length>bi?`${t.slice(0,bi-1)}…`:t;var Br=620,rr=220,sr=48,Js=16,Dl=14,wi=36,xi=t=>a`<div class="tuned">
  <p>
    ${E(t.model)} gets <strong>${j(t.accuracy)}</strong>${t.interval?a` (${pe(t.interval,j)})`:p}
    of ${T(t.test_images)} test images right, after ${oe(t.seconds)} with ${ye[t.recipe??"auto"]}.
    It is an expert of the store now, and its outcome counts from the next answer on.
  </p>
  ${Re(t.warnings)} ${jl(t)}
</div>`;function jl(t){let r=t.curve;if(r.length<2)return a`<p class="quiet">There is no learning curve: too few images were left over to follow the training by.</p>`;let e=r[r.length-1].steps,s=r.map(c=>c.accuracy),n=Math.max(0,Math.floor(10*Math.min(...s))/10-.05),o=Math.min(1,Math.ceil(10*Math.max(...s))/10),i=c=>sr+(Br-sr-Js)*c/(e||1),l=c=>rr-wi-(rr-Dl-wi)*(c-n)/(o-n||1);return a`<figure class="chart">
    <svg viewBox="0 0 ${Br} ${rr}" role="img" aria-label=${`Accuracy by training step, at the end ${j(s[s.length-1])}`}>
      ${[n,(n+o)/2,o].map(c=>U`<line class="tick" x1=${sr} x2=${Br-Js} y1=${l(c)} y2=${l(c)} />
          <text class="tick-text" x=${sr-6} y=${l(c)+4} text-anchor="end">${j(c,0)}</text>`)}
      <polyline class="curve" points=${r.map(c=>`${i(c.steps)},${l(c.accuracy)}`).join(" ")} />
      ${r.map(c=>U`<circle class="point best" cx=${i(c.steps)} cy=${l(c.accuracy)} r="3" />`)}
      <text class="tick-text" x=${sr} y=${rr-14}>0</text>
      <text class="tick-text" x=${Br-Js} y=${rr-14} text-anchor="end">${T(e)} steps</text>
    </svg>
    <figcaption>Accuracy on validation images while it trained.</figcaption>
  </figure>`}var Zs=t=>({params:{path:{task:t}}}),dt=new Ee(async t=>await Q(_.GET("/v1/tasks/{task}",Zs(t)))),Ks=new Ee(async t=>await Q(_.GET("/v1/tasks/{task}/pictures",Zs(t)))),Ys=new Ee(async t=>await Q(_.GET("/v1/tasks/{task}/layers",Zs(t)))),Qs=new Ee(async t=>(await xt({task:t})).sort((r,e)=>e.accuracy-r.accuracy)),ki=(t,r)=>r.filter(e=>e.task===t.id||e.task===t.name);var Ei=60,Ge=class extends S{constructor(){super();this.task="";this.answer=null;this.error=null;this.made=null;this.asked="";this.measuring=new Ie(this,"recommend",e=>this.measured(e));this.training=new Ie(this,"finetune",e=>this.trained(e));new H(this,te,x,$,dt),$.load()}get limits(){return vi(x.query)}get embeddedWith(){return x.query.has("new")?dt.of(this.task).value?.warnings??[]:[]}get question(){let{limits:e,task:s}=this;return{task:s,k:8,explain:!0,published:!0,max_shared:.05,...e}}willUpdate(){let e=x.query.get("job"),s=x.query.get("training");s&&this.training.follow(s);let n=JSON.stringify([this.question,e]);n===this.asked||!this.task||(this.asked=n,e?this.measuring.follow(e):this.ask(n))}async ask(e){this.measuring.leave(),this.error=null;try{let s=await _.POST("/v1/recommendations",{body:{...this.question,measure:!1,budget:0}});e===this.asked&&(this.answer=s.data)}catch(s){if(e!==this.asked)return;this.answer=null,this.error=D(s)}}async measure(){this.error=null;try{let e=await _.POST("/v1/recommendations",{body:{...this.question,measure:!0,budget:Ei}});e.response.status===202?x.set({job:e.data.id}):this.answer=e.data}catch(e){this.error=D(e)}}measured(e){e.state==="succeeded"?this.answer=e.result:e.state==="cancelled"&&x.set({job:null})}async train(){let{answer:e}=this;if(e){this.error=null,this.made=null;try{let s=await _.POST("/v1/finetunings",{body:{task:this.task,start:e.chosen,settings:{recipe:e.recipe}}});x.set({training:s.data.id})}catch(s){this.error=D(s)}}}trained(e){e.state==="succeeded"&&(this.made=e.result,$.reload())}render(){if(!this.task)return a`<div class="page">${xr}</div>`;let e=$.find(this.task);return a`<div class="page recommendation">
      <h1>What should ${e?ve(e.id,e.name):E(this.task)} start from?</h1>
      ${F(this.error,()=>(this.asked="",this.requestUpdate()))}
      ${this.measuring.error?a`${F(this.measuring.error)}<p><button type="button" @click=${()=>x.set({job:null})}>Answer without this measurement</button></p>`:p}
      ${this.answer?this.answered(this.answer):this.error||this.measuring.error||this.measuring.job?p:X("Asking …")}
      ${this.answer?p:this.progress()}
      ${this.error&&!this.answer?this.limiting():p}
    </div>`}answered(e){let s=e.baselines.find(c=>c.rule==="always_default")?.model??"",n=Tr(x.query.get("by"))??e.recipe,o=e.recommendations.find(c=>c.model===e.chosen),i=x.query.get("model")??Bl(e,s),l=e.recommendations.some(c=>c.model===i)?i:e.chosen;return a`
      ${ql(e,s)} ${Re([...this.embeddedWith,...e.warnings])} ${this.actions(e)}
      <section class="card">
        <div class="section-head">
          <h2>Candidates</h2>
          ${o&&o.plans.length>1?a`<div class="switch" role="group" aria-label="Trained by">
                ${o.plans.map(c=>a`<button type="button" aria-pressed=${c.recipe===n} @click=${()=>x.set({by:c.recipe===e.recipe?null:c.recipe})}>
                    ${ye[c.recipe]}
                  </button>`)}
              </div>`:p}
        </div>
        ${e.recommendations.length?gi(e,n,s):a`<p>No starting model passes the limits.</p>`}
        <p class="forest-legend">
          <span class="key point"></span> expected <span class="key measured"></span> measured on these images
          ${e.calibrated?p:a`<span>The intervals rest on too few tasks to be vouched for.</span>`}
        </p>
        ${e.untried.length?a`<p class="quiet">
              Not measured for lack of time: ${e.untried.length}${e.budget_needed!=null?a`; ${oe(e.budget_needed)} would measure all`:p}.
            </p>`:p}
      </section>
      ${this.limiting()}
      <div class="two-sides">
        <div>
          ${e.recommendations.length>1?a`<label class="look">Evidence for
                <select @change=${c=>x.set({model:c.target.value})}>
                  ${e.recommendations.map(c=>a`<option value=${c.model} ?selected=${c.model===l}>${c.model}</option>`)}
                </select>
              </label>`:p}
          ${e.recommendations.length?ui(e,l,n):p} ${mi(e)} ${di(e)}
        </div>
        <div>
          ${e.recommendations.length?this.costs(e,n):p}
          ${e.explanation?a`${hi(e.explanation)} ${pi(e.explanation)}`:p}
        </div>
      </div>
      <section class="card">
        <h2>In a terminal, or in Python</h2>
        <copy-code what="command" .code=${Gl(e)}></copy-code>
        <copy-code what="code" .code=${e.code}></copy-code>
      </section>
    `}limiting(){return a`<details class="card" ?open=${Hl(this.limits)}>
      <summary><h2>Limits</h2></summary>
      <limits-form .limits=${this.limits}></limits-form>
    </details>`}actions(e){let s=this.training.job,n=$.find(this.task)?.bundle;return a`<section class="card actions">
      ${n?a`<p class="quiet">It comes from the bundle ${E(n)}, which has no images: nothing can be measured or trained on them.</p>`:p}
      <div class="buttons">
        ${te.mayWrite&&!n?a`<button type="button" class=${e.probed?"":"first"} ?disabled=${this.measuring.busy} @click=${this.measure}>
          Measure for ${Ei} s${e.probed?" more":""}
        </button>
        <button type="button" class=${e.probed?"first":""} ?disabled=${this.training.busy} @click=${this.train}>
          Fine-tune ${e.chosen} now, ${ye[e.recipe]}
        </button>`:p}
        <button type="button" @click=${()=>print()}>Print</button>
      </div>
      ${this.progress()}
      ${F(this.training.error)}
      ${s&&(this.training.busy||s.state==="failed")?nt(s,"Fine-tuning",()=>this.training.cancel()):p}
      ${this.made?xi(this.made):p}
    </section>`}progress(){let e=this.measuring.job;return!e||e.state==="succeeded"||e.state==="cancelled"?p:nt(e,"Measuring",()=>this.measuring.cancel())}costs(e,s){let n=$i(e,s,$.models);return n===p?p:a`<section class="card"><h2>Cost against gain, ${ye[s]}</h2>${n}</section>`}};f([O()],Ge.prototype,"task",2),f([C()],Ge.prototype,"answer",2),f([C()],Ge.prototype,"error",2),f([C()],Ge.prototype,"made",2),Ge=f([R("recommendation-page")],Ge);function ql(t,r){let e=t.recommendations.find(n=>n.model===t.chosen),s=e&&Ce(e,t.recipe);return a`<section class="verdict ${t.abstained?"default":"other"}">
    <p class="take">
      ${t.chosen?a`Take ${t.abstained&&t.chosen===r?"the default, ":""}<strong>${E(t.chosen)}</strong>, with ${ye[t.recipe]}.`:a`Nothing can be recommended.`}
    </p>
    <p>${ie(Fl(t.reason))}</p>
    ${t.time_reason?a`<p>${ie(t.time_reason)}</p>`:p}
    ${s?a`<dl class="figures">
          <div><dt>accuracy to expect</dt><dd>${j(s.accuracy)}<small>${s.accuracy_interval?pe(s.accuracy_interval,vt):"nothing tells how well the default does on this task"}</small></dd></div>
          ${t.chosen===r?p:a`<div><dt>gain over the default</dt><dd>${se(s.gain)}<small>${pe(s.gain_interval,se)} points</small></dd></div>`}
          ${s.seconds==null?p:a`<div><dt>time of training</dt><dd>${oe(s.seconds)}</dd></div>`}
          <div><dt>models measured</dt><dd>${t.probed}</dd></div>
        </dl>`:p}
    <p class="quiet">${ie(t.evidence_summary)}</p>
  </section>`}function Bl(t,r){return t.chosen!==r?t.chosen:t.recommendations.find(e=>e.model!==r)?.model??t.chosen}var Fl=t=>`${t.charAt(0).toUpperCase()}${t.slice(1)}${/[.!?]$/.test(t)?"":"."}`,Hl=t=>Object.entries(t).some(([r,e])=>r==="recipe"?e!=="auto":r==="bundles"?!e:e!==null),Xs=t=>/^[\w./-]+$/.test(t)?t:`'${t.replaceAll("'","'\\''")}'`,Ti=`--url ${gt}`,Gl=t=>`task2vec recommend ${Xs(t.task)} --explain ${Ti}
task2vec finetune ${Xs(t.task)} --from ${Xs(t.chosen)} --recipe ${t.recipe} ${Ti}`,Ai={at:"recommend",title:"Recommendation",show:([t=""])=>a`<recommendation-page .task=${t}></recommendation-page>`};var Si=8,mt=class extends S{constructor(){super(...arguments);this.sheet="";this.all=!1}render(){let{classes:e,side:s,columns:n}=this.pictures,o=this.all?e:e.slice(0,Si);return a`<ul class="class-pictures">
        ${o.map((i,l)=>a`<li>
            <h3>${E(i.name)}</h3>
            <div role="img" aria-label="${i.pictures} images of ${i.name}">
              ${Array.from({length:i.pictures},(c,h)=>a`<span ${me({width:`${s}px`,height:`${s}px`,backgroundImage:this.sheet?`url("${this.sheet}")`:"none",backgroundSize:`${s*n}px ${s*e.length}px`,backgroundPosition:`-${h*s}px -${l*s}px`})}></span>`)}
            </div>
          </li>`)}
      </ul>
      ${e.length>Si?a`<button type="button" aria-expanded=${this.all} @click=${()=>this.all=!this.all}>
            ${this.all?"Show fewer":`Show all ${e.length} classes`}
          </button>`:p}`}willUpdate(e){e.has("pictures")&&this.fetch()}disconnectedCallback(){super.disconnectedCallback(),URL.revokeObjectURL(this.sheet)}async fetch(){let e=this.pictures.id,s=new URL(`v1/tasks/${encodeURIComponent(e)}/pictures/sheet`,document.baseURI),n=await tt(new Request(s)).catch(()=>null);n===null||e!==this.pictures.id||(URL.revokeObjectURL(this.sheet),this.sheet=URL.createObjectURL(await n.blob()))}};f([O({attribute:!1})],mt.prototype,"pictures",2),f([C()],mt.prototype,"sheet",2),f([C()],mt.prototype,"all",2),mt=f([R("class-pictures")],mt);function Ri(t,r){return t.length?a`<div class="scroll" tabindex="0" role="region" aria-label="Experts">
    <table class="plain">
      <thead><tr><th scope="col">Expert</th><th scope="col">Fine-tuned from</th><th scope="col">Architecture</th><th scope="col">Since</th></tr></thead>
      <tbody>
        ${t.map(e=>{let s=$.startName(e);return a`<tr>
            <th scope="row"><a href=${G(["outcomes"],{model:s??e.name,task:r})}>${E(e.name)}</a></th>
            <td>${s?E(s):"–"}</td>
            <td><code>${e.architecture}</code></td>
            <td>${Se(e.created)}</td>
          </tr>`})}
      </tbody>
    </table>
  </div>`:a`<p class="quiet">No model was fine-tuned on it yet.</p>`}var nr=48,Mi=110;function Ci({layers:t}){let r=t.filter(o=>o.low!==null&&o.high!==null&&o.mean!==null);if(r.length===0)return a`<p class="quiet">It is not known which number is of which layer: an earlier version embedded it.</p>`;let e=Math.min(...r.map(o=>o.low)),s=Math.max(...r.map(o=>o.high)),n=o=>Mi*(s-o)/Math.max(1e-9,s-e);return a`
    <svg class="layers" viewBox="0 0 ${nr*t.length} ${Mi}" preserveAspectRatio="none" role="img" aria-label="Embedding by layer, from the first layer of the probe to the last; the table below has the numbers">
      ${t.map((o,i)=>o.low===null||o.high===null||o.mean===null?p:U`<g>
              <title>${o.name}: ${W(o.mean,1)}</title>
              <rect class="range" x=${i*nr+8} y=${n(o.high)} width=${nr-16} height=${Math.max(1,n(o.low)-n(o.high))} rx="4" />
              <rect class="mean" x=${i*nr+4} y=${n(o.mean)-1.5} width=${nr-8} height="3" />
            </g>`)}
    </svg>
    <p class="ends quiet"><span>first layer</span><span>last layer</span></p>
    <p class="note">Natural logarithm of the information in the filters of a layer: its mean, and where eight tenths of them lie.</p>
    <details>
      <summary>The numbers</summary>
      <div class="scroll" tabindex="0" role="region" aria-label="Layers">
        <table class="plain">
          <thead><tr><th scope="col">Layer</th><th scope="col" class="number">Filters</th><th scope="col" class="number">Mean</th><th scope="col" class="number">First decile</th><th scope="col" class="number">Last decile</th></tr></thead>
          <tbody>
            ${t.map(o=>a`<tr><th scope="row">${o.name}</th><td class="number">${T(o.elements)}</td><td class="number">${W(o.mean,2)}</td><td class="number">${W(o.low,2)}</td><td class="number">${W(o.high,2)}</td></tr>`)}
          </tbody>
        </table>
      </div>
    </details>
  `}var Fr=10;function Pi(t){let r=s=>s.map(n=>a`<tr>
        <th scope="row">${E(n.model)}</th>
        <td class="number">${j(n.accuracy)}</td>
        <td>${n.interval?pe(n.interval,j):"–"}</td>
        <td>${n.protocol}</td>
        <td class="number">${T(n.images)}</td>
      </tr>`),e=(s,n)=>a`<div class="scroll" tabindex="0" role="region" aria-label=${n}>
    <table class="plain">
      <thead><tr><th scope="col">Starting model</th><th scope="col" class="number">Accuracy</th><th scope="col">95 % interval</th><th scope="col">Protocol</th><th scope="col" class="number">Images</th></tr></thead>
      <tbody>${r(s)}</tbody>
    </table>
  </div>`;return a`${e(t.slice(0,Fr),"Outcomes, best first")}
  ${t.length>Fr?a`<details><summary>${t.length-Fr} more</summary>${e(t.slice(Fr),"More outcomes")}</details>`:p}`}function Oi(t){let r=t.provenance,e=[["Id",a`<code>${t.id}</code>`],["Probe",a`${E(r.probe_name)} <code>${t.space.probe.slice(0,12)}</code>`],["Estimator",`${r.estimator}, ${T(r.draws)} ${r.draws===1?"draw":"draws"}, seed ${r.seed}`],["Space",`head penalty ${t.space.head_penalty}, prior precision ${t.space.prior_precision}`],["Head",a`${r.head.converged?"converged":"not converged"} after ${T(r.head.iterations)} steps, loss ${W(r.head.loss)}, training accuracy ${j(r.head.training_accuracy)}`],["Source",t.source?a`<bdi>${t.source}</bdi>`:"not told by the server"],["Contents",a`<code>${r.content_hash}</code>`],["Stored",`${Se(t.created)}, after ${oe(t.seconds)}`],["Versions",Object.entries(r.versions).map(([s,n])=>`${s} ${n}`).join(", ")]];return a`<dl class="facts">${e.map(([s,n])=>a`<dt>${s}</dt><dd>${n}</dd>`)}</dl>`}function _i(t){let r=t.filter(n=>n.shares_images),e=t.filter(n=>n.shares_images===null).length,s=e?a`<p class="note">Of ${T(e)} of the nearest ${T(t.length)} tasks it is not known which images they have.</p>`:"";return t.length?r.length?a`<table class="plain">
      <thead><tr><th scope="col">Task</th><th scope="col" class="number">Images of this task</th><th scope="col" class="number">Share of this task</th></tr></thead>
      <tbody>
        ${r.map(n=>a`<tr>
            <th scope="row">${ve(n.id,n.name)}</th>
            <td class="number">${n.shared_images==null?"some":T(n.shared_images)}</td>
            <td class="number">${n.shared_share==null?"–":j(n.shared_share,0)}</td>
          </tr>`)}
      </tbody>
    </table>
    <p class="note">They are near for that reason, too: their distance says less about the rest of their images.</p>
    ${s}`:a`<p class="quiet">${e===t.length?"":`None of the nearest ${T(t.length-e)} tasks has images of it.`}</p>${s}`:a`<p class="quiet">No other task can be compared with it.</p>`}var or=class extends S{constructor(){super();this.task="";new H(this,dt,Ks,Ys,Qs,$e,$)}connectedCallback(){super.connectedCallback(),$.load()}render(){if(!this.task)return a`<div class="page">${xr}</div>`;let{value:e,error:s}=dt.of(this.task);if(s)return a`<div class="page">${F(s,()=>dt.forget(this.task))}</div>`;if(e===null)return a`<div class="page">${X("Reading the task")}</div>`;document.title=`${e.name} · task2vec`;let n=ki(e,$.models);return a`<article class="page task">
      <header>
        ${$.byId.get(e.id)?.pictured?a`<task-picture .task=${e.id}></task-picture>`:p}
        <div>
          <p class="quiet"><a href=${G([])}>Map</a> › Task</p>
          <h1>${E(e.name)}</h1>
          <ul class="tags">${e.tags.map(o=>a`<li class="tag"><bdi>${o}</bdi></li>`)}</ul>
        </div>
        <a class="button first" href=${G(["recommend",e.id])}>What to start from</a>
        <a class="button" href=${G([],{selected:e.id})}>Show on the map</a>
      </header>
      ${Re(e.warnings)}
      ${Wl(e)}
      <div class="columns">
        <section class="card">
          <h2>Most alike</h2>
          ${Qt($e.of(Ne(e.id,!1)),`Tasks most like ${e.name}`,!1)}
        </section>
        <section class="card">
          <h2>Best sources for it</h2>
          ${Qt($e.of(Ne(e.id,!0)),`Best sources for ${e.name}`,!1)}
        </section>
      </div>
      <section class="card">
        <h2>Images by class</h2>
        ${Hr(Ks.of(e.id),"Looking for pictures",o=>o.classes.length?a`<class-pictures .pictures=${o}></class-pictures>`:a`<p class="quiet">No pictures are kept of it. ${Vl(e)}</p>`)}
      </section>
      <section class="card">
        <h2>Embedding by layer</h2>
        ${Hr(Ys.of(e.id),"Reading the embedding",Ci)}
      </section>
      <section class="card">
        <h2>Experts</h2>
        ${Ri(n,e.name)}
      </section>
      <section class="card">
        <h2>Outcomes</h2>
        ${Hr(Qs.of(e.id),"Reading the outcomes",o=>o.length?Pi(o):a`<p class="quiet">Nothing is recorded of what fine-tuning gave on it.</p>`)}
      </section>
      <section class="card">
        <h2>Shared images</h2>
        ${Hr($e.of(Ne(e.id,!1)),"Looking for near tasks",({neighbours:o})=>_i(o))}
      </section>
      <section class="card">
        <h2>Provenance</h2>
        ${Oi(e)}
      </section>
    </article>`}};f([O()],or.prototype,"task",2),or=f([R("task-page")],or);function Wl(t){let r=[["Classes",T(t.classes),""],["Images used",T(t.images),""],["Complexity",W(t.complexity),"distance to the trivial task"],["Standard error",W(t.standard_error),"how far two repeats lie apart"]];return a`<dl class="numbers">
    ${r.map(([e,s,n])=>a`<div class="card"><dt>${e}</dt><dd>${s}</dd>${n?a`<dd class="quiet">${n}</dd>`:p}</div>`)}
  </dl>`}function Hr(t,r,e){return t.error?F(t.error):t.value===null?X(r):e(t.value)}function Vl(t){let r=t.provenance.class_names;return a`Its classes: ${r.map((e,s)=>a`${s?", ":p}<bdi>${e}</bdi>`)}.`}var zi={at:"tasks",title:"Task",show:([t=""])=>a`<task-page .task=${t}></task-page>`};var en=[ri,zi,wo,Ai,si,ci,qn,ko];var Gr=class extends S{render(){return a`<form class="card key-form" @submit=${this.open}>
      <h1>This server asks for a key</h1>
      ${B.refused?a`<p class="problem" role="alert">The server did not take that key, or no longer takes it.</p>`:p}
      <p>Its operator makes one with <code>task2vec keys create NAME --scope read</code>. It stays in this tab and is gone with it.</p>
      <label for="key">Key</label>
      <input id="key" name="key" type="password" autocomplete="off" spellcheck="false" required />
      <button class="first" type="submit">Open</button>
    </form>`}open(r){r.preventDefault();let e=new FormData(r.target).get("key");B.open(String(e).trim())}};Gr=f([R("key-form")],Gr);var Wr=class extends S{constructor(){super();this.shown="";new H(this,x,B,at)}get page(){return en.find(e=>e.at===x.page)}render(){let e=at.dark;return a`
      <a class="skip button" href="#main" @click=${this.skip}>Skip to the content</a>
      <header class="top">
        <a class="brand" href=${G([])}>${Mo}task2vec</a>
        <nav aria-label="Pages">
          ${en.filter(s=>s.menu).map(s=>a`<a href=${G(s.at?[s.at]:[])} aria-current=${s===this.page?"page":p}>${s.menu}</a>`)}
        </nav>
        <div class="end">
          <a class="reference" href="docs">HTTP reference</a>
          <button class="icon" type="button" aria-label=${e?"Light colours":"Dark colours"} @click=${()=>at.turn()}>
            ${e?Co:Po}
          </button>
        </div>
      </header>
      ${B.lost?a`<p class="strip" role="status">The server does not answer. The page tries again until it does.</p>`:p}
      <main id="main" tabindex="-1">${B.locked?a`<key-form></key-form>`:this.content()}</main>
    `}content(){let e=this.page;return e?e.show(x.path.slice(1)):a`<div class="page">
      <h1>There is no such page</h1>
      <p>The address names <code>${x.page}</code>. <a href=${G([])}>Go to the map</a>.</p>
    </div>`}skip(e){e.preventDefault(),this.main?.focus()}get main(){return this.querySelector("main")}updated(e){let s=x.path.join("/");if(s===this.shown&&this.hasUpdated)return;this.querySelector('nav [aria-current="page"]')?.scrollIntoView({block:"nearest",inline:"center"});let n=this.shown===""&&!document.title.includes("·");this.shown=s;let o=x.path.slice(1).join("/");document.title=`${o?`${o} · `:""}${this.page?.title??"No such page"} · task2vec`,!n&&(scrollTo(0,0),this.main?.focus({preventScroll:!0}))}};Wr=f([R("atlas-shell")],Wr);
