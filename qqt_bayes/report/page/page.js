(()=>{const get=id=>document.getElementById(id),data=JSON.parse(get("numbers").textContent),
size=t=>parseFloat(t)*({K:1e3,M:1e6,B:1e9,T:1e12}[t.slice(-1).toUpperCase()]||1),
turned=x=>(1-x).toFixed((x.split(".")[1]||"").length),
cell=(name,kind,...inside)=>{const e=document.createElement(name);e.className=kind;e.append(...inside);return e};
const views=data.sections.map((s,i)=>{const slider=get("b"+i),parts=get("a"+i).tBodies,
row=r=>{const[level,epochs,p,...rest]=[...r.cells].map(c=>c.textContent.trim()),bar=cell("span","bar"),
name=cell("th","",level);name.scope="row";bar.style.setProperty("--p",Math.round(100*p.replace(/[^\d.]/g,""))+"%");
return cell("tr",r.className,name,cell("td","",s.levels[level]),cell("td","n",epochs),
cell("td","n",bar,cell("span","p",p)),...rest.map(x=>cell("td","n",x)))},
show=k=>{const at=s.budgets[k];slider.value=k;slider.setAttribute("aria-valuetext",at.label+" "+data.unit);
get("o"+i).textContent=get("l"+i).textContent=at.label;get("v"+i).textContent=at.verdict;
const chip=get("c"+i);chip.textContent=at.state;chip.className="chip "+at.state.split(" ")[0];
get("w"+i).textContent=at.warning;
get("f"+i).querySelector(".cursor").setAttribute("transform","translate("+at.place+" 0)");
get("t"+i).replaceChildren(...[...parts[k].rows].slice(1).map(row))};
get("r"+i).hidden=s.budgets.length<2;
slider.oninput=()=>{show(+slider.value);history.replaceState(null,"","#budget="+s.budgets[slider.value].label)};
const choose=get("m"+i),drawn=get("f"+i).querySelector("[data-ends]");
if(choose){choose.hidden=false;choose.onchange=()=>{get("f"+i).closest("section").querySelectorAll("[data-other]")
.forEach(e=>[e.textContent,e.dataset.other]=[e.dataset.other,e.textContent]);
drawn.querySelectorAll("path[d]").forEach(p=>p.setAttribute("d",p.getAttribute("d").replace(/([ML][\d.-]+,)([\d.-]+)/g,
(_,start,y)=>start+ +(drawn.dataset.ends-y).toFixed(1))));
drawn.querySelectorAll("text").forEach(t=>{t.setAttribute("y",drawn.dataset.ends-t.getAttribute("y")+8);
t.textContent=turned(t.textContent)});
for(const part of parts)[...part.rows].slice(1).forEach(r=>{const[mean,low,high]=r.cells[3].textContent.match(/-?[\d.]+/g);
r.cells[3].textContent=turned(mean)+" ["+turned(high)+",\u00a0"+turned(low)+"]"});show(+slider.value)}}
return{show,budgets:s.budgets}});
const jump=()=>{const asked=/^#budget=(\d+\.?\d*(e\d+)?[KMBT]?)$/i.exec(location.hash);if(!asked)return;
const b=Math.log(size(asked[1]));views.forEach(v=>{const far=v.budgets.map(x=>Math.abs(Math.log(x.budget)-b));
v.show(far.indexOf(Math.min(...far)))})};
addEventListener("hashchange",jump);jump();
let shut=[];addEventListener("beforeprint",()=>{shut=[...document.querySelectorAll("details:not([open])")];
shut.forEach(d=>d.open=true)});addEventListener("afterprint",()=>shut.forEach(d=>d.open=false))})();
