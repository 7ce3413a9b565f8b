import { withBlockUnit } from '../cppEdit.ts';
import { type CodeFormat, scalarCodes } from './scalarCodes.ts';

/** hnswlib's columns per block. */
const unit = 4;

/** Nodes in a row, ranked by their vectors and found to be no result, after which ranking ends. */
const patience = 4;

/**
 * C++ of new members of hnswlib's class for the place before `searchKnn`: codes of all elements, made on demand, and a
 * search that compares them and ranks at most `rerank` nodes per result by their vectors.
 * @param guard macro under which the file prefetches by `_mm_prefetch`
 */
export function hnswlibCodes(className: string, guard: string, format: CodeFormat, rerank: number): string {
  const host = { vectors: 'CodedVectors', buffer: 'CacheLines', cpp17: false };
  return `${withBlockUnit(storage(className), unit)}

${withBlockUnit(scalarCodes(host, format), unit)}

${withBlockUnit(members(guard, rerank), unit)}`;
}

const storage = (className: string): string => `// The vectors of all elements, as they are coded.
struct CodedVectors {
  const ${className} &index;
  size_t size() const { return index.cur_element_count; }
  size_t dim() const { return index.data_size_ / sizeof(float); }
  const float *row(tableint id) const { return (const float *) index.getDataByInternalId(id); }
};


// Zeroed bytes from the start of a cache line on.
class CacheLines {
  struct alignas(64) Line { uint8_t bytes[64]; };
  std::vector<Line> lines_;

 public:
  CacheLines() = default;
  explicit CacheLines(size_t bytes) : lines_((bytes + sizeof(Line) - 1) / sizeof(Line)) {}
  size_t bytes() const { return lines_.size() * sizeof(Line); }
  uint8_t *data() { return (uint8_t *) lines_.data(); }
  const uint8_t *data() const { return (const uint8_t *) lines_.data(); }
};
`;

const members = (guard: string, rerank: number): string => `
typedef typename ScalarCodes::Distance CodeDistance;

ScalarCodes codes_;
std::atomic<size_t> coded_element_count_{0};  // number of elements in codes_, 0 where those are out of date


// Makes codes of all elements, which searchKnn compares in the place of the vectors: to be called
// when the index is complete, and not while it is searched. s is the space of the index.
// Once elements are added or changed, searchKnn compares vectors again, as it does with a filter
// and where elements are deleted.
void makeCodes(SpaceInterface<dist_t> *s) {
  bool inner_product = dynamic_cast<InnerProductSpace *>(s) != nullptr;
  if (!inner_product && dynamic_cast<L2Space *>(s) == nullptr)
    throw std::runtime_error("Codes are made of float vectors in L2Space or InnerProductSpace");
  coded_element_count_ = 0;
  if (cur_element_count == 0) return;
  codes_ = ScalarCodes(CodedVectors{*this}, inner_product);
  coded_element_count_ = cur_element_count.load();
}


struct CodedCandidate {
  float dist;  // between codes
  tableint id;
  bool expanded;
};


static void prefetchCodes(const CodeDistance &distance, tableint id) {
  const char *line = distance.row(id);
  for (const char *end = line + distance.row_bytes(); line < end; line += 64) {
#ifdef ${guard}
    _mm_prefetch(line, _MM_HINT_T0);
#endif
  }
}


// The element where the search of the base layer begins.
CodedCandidate descendByCodes(const CodeDistance &distance) const {
  CodedCandidate nearest{distance(enterpoint_node_), enterpoint_node_, false};
  for (int level = maxlevel_; level > 0; level--) {
    bool changed = true;
    while (changed) {
      changed = false;
      linklistsizeint *data = get_linklist(nearest.id, level);
      size_t size = getListCount(data);
      metric_hops++;
      metric_distance_computations += size;

      tableint *datal = (tableint *) (data + 1);
      for (size_t i = 0; i < size; i++)
        prefetchCodes(distance, datal[i]);
      for (size_t i = 0; i < size; i++) {
        float dist = distance(datal[i]);
        if (dist < nearest.dist) {
          nearest = CodedCandidate{dist, datal[i], false};
          changed = true;
        }
      }
    }
  }
  return nearest;
}


// The ef nearest that are found from the entry on, nearest first.
std::vector<CodedCandidate> searchBaseLayerByCodes(
    const CodeDistance &distance, CodedCandidate entry, size_t ef) const {
  const size_t prefetch_ahead = 8;  // elements
  VisitedList *vl = visited_list_pool_->getFreeVisitedList();
  vl_type *visited_array = vl->mass;
  vl_type visited_array_tag = vl->curV;

  std::vector<CodedCandidate> found;  // at most ef, nearest first
  found.reserve(ef);
  found.push_back(entry);
  visited_array[entry.id] = visited_array_tag;
  std::vector<tableint> unvisited(maxM0_);

  size_t next = 0;
  while (next < found.size()) {
    if (found[next].expanded) {
      next++;
      continue;
    }
    found[next].expanded = true;
    linklistsizeint *data = get_linklist0(found[next].id);
    size_t size = getListCount(data);
    tableint *datal = (tableint *) (data + 1);

    size_t count = 0;
    for (size_t i = 0; i < size; i++) {
      if (visited_array[datal[i]] == visited_array_tag) continue;
      visited_array[datal[i]] = visited_array_tag;
      unvisited[count++] = datal[i];
    }

    next++;
    for (size_t i = 0; i < std::min(prefetch_ahead, count); i++)
      prefetchCodes(distance, unvisited[i]);
    for (size_t i = 0; i < count; i++) {
      if (i + prefetch_ahead < count)
        prefetchCodes(distance, unvisited[i + prefetch_ahead]);
      float dist = distance(unvisited[i]);
      if (found.size() >= ef) {
        if (dist >= found.back().dist) continue;
        found.pop_back();
      }
      auto at = std::upper_bound(found.begin(), found.end(), dist,
          [](float value, const CodedCandidate &other) { return value < other.dist; });
      next = std::min(next, (size_t) (at - found.begin()));
      found.insert(at, CodedCandidate{dist, unvisited[i], false});
    }
#ifdef ${guard}
    if (next < found.size()) {
      _mm_prefetch((char *) get_linklist0(found[next].id), _MM_HINT_T0);
      _mm_prefetch((char *) get_linklist0(found[next].id) + 64, _MM_HINT_T0);
    }
#endif
  }

  visited_list_pool_->releaseVisitedList(vl);
  return found;
}


// As searchKnn, for the case that codes hold all elements and none is left out.
std::priority_queue<std::pair<dist_t, labeltype >>
searchKnnByCodes(const void *query_data, size_t k) const {
  const CodeDistance distance(codes_, (const float *) query_data);
  std::vector<CodedCandidate> found =
      searchBaseLayerByCodes(distance, descendByCodes(distance), std::max(ef_, k));

  // Codes confuse near ties: the nearest by their codes are ranked by their vectors, until several
  // in a row are no result.
  const size_t rerank_per_result = ${rerank};
  const size_t rerank_patience = ${patience};
  size_t count = std::min(rerank_per_result * k, found.size());
  std::priority_queue<std::pair<dist_t, labeltype >> result;
  for (size_t i = 0, idle = 0; i < count && idle < rerank_patience; i++) {
    dist_t dist = fstdistfunc_(query_data, getDataByInternalId(found[i].id), dist_func_param_);
    if (result.size() == k) {
      if (dist >= result.top().first) {
        idle++;
        continue;
      }
      idle = 0;
      result.pop();
    }
    result.emplace(dist, getExternalLabel(found[i].id));
  }
  return result;
}`;
