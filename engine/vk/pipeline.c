/* Compute pipelines, one for each (shader, specialisation constants, views of the bindings), created when first asked
 * for. */
#include <string.h>

#include "shaders_gen.h"
#include "vk/vk_internal.h"

static bool same(const struct vk_pipeline *p, const struct kernel_call *c)
{
    if (p->shader != c->shader || p->n_spec != c->n_spec || p->n_bind != c->n_bind ||
        memcmp(p->spec, c->spec, c->n_spec * sizeof(c->spec[0])) != 0) {
        return false;
    }
    for (int i = 0; i < c->n_bind; i++) {
        if (p->view[i] != c->bind[i].view) {
            return false;
        }
    }
    return true;
}

static limn_status check_limits(const struct vk_device *d, const struct kernel_call *c, limn_error *err)
{
    const struct device_caps *caps = &d->phys.caps;
    if (c->shader >= SHADER_COUNT || c->n_spec < 3) {
        return err_set(err, LIMN_ERR_INTERNAL, "shader %u (expected below %u)", c->shader, (unsigned)SHADER_COUNT);
    }
    uint64_t all = (uint64_t)c->spec[0] * c->spec[1] * c->spec[2];
    bool fits = all > 0 && all <= caps->max_invocations;
    for (int i = 0; i < 3; i++) {
        fits = fits && c->spec[i] <= caps->max_size[i];
    }
    if (!fits) {
        return err_set(err, LIMN_ERR_INTERNAL, "shader %s: local size %ux%ux%u (device allows %u invocations)",
                       shader_table[c->shader].name, c->spec[0], c->spec[1], c->spec[2], caps->max_invocations);
    }
    return LIMN_OK;
}

static limn_status create_layouts(struct vk_device *d, struct vk_pipeline *p, limn_error *err)
{
    VkDescriptorSetLayoutBinding binding[KERNEL_MAX_BIND];
    limn_status st = LIMN_OK;
    for (uint32_t i = 0; i < p->n_bind; i++) {
        binding[i] = (VkDescriptorSetLayoutBinding){
            .binding = i,
            .descriptorType = p->view[i] == VIEW_STORAGE ? VK_DESCRIPTOR_TYPE_STORAGE_BUFFER
                                                         : VK_DESCRIPTOR_TYPE_UNIFORM_TEXEL_BUFFER,
            .descriptorCount = 1,
            .stageFlags = VK_SHADER_STAGE_COMPUTE_BIT,
        };
    }
    VkDescriptorSetLayoutCreateInfo set = {
        .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO,
        .bindingCount = p->n_bind,
        .pBindings = binding,
    };
    VkPushConstantRange push = {VK_SHADER_STAGE_COMPUTE_BIT, 0, KERNEL_MAX_PUSH};
    VkPipelineLayoutCreateInfo layout = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO,
        .setLayoutCount = 1,
        .pSetLayouts = &p->set_layout,
        .pushConstantRangeCount = 1,
        .pPushConstantRanges = &push,
    };
    TRY_VK(d, CreateDescriptorSetLayout, d->device, &set, NULL, &p->set_layout);
    TRY_VK(d, CreatePipelineLayout, d->device, &layout, NULL, &p->layout);
out:
    return st;
}

static limn_status compile(struct vk_device *d, struct vk_pipeline *p, VkShaderModule module, limn_error *err)
{
    VkSpecializationMapEntry entry[KERNEL_MAX_SPEC];
    limn_status st = LIMN_OK;
    for (uint32_t i = 0; i < p->n_spec; i++) {
        entry[i] = (VkSpecializationMapEntry){i, i * 4, 4};
    }
    VkSpecializationInfo spec = {p->n_spec, entry, p->n_spec * 4u, p->spec};
    VkComputePipelineCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO,
        .stage = {.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO,
                  .stage = VK_SHADER_STAGE_COMPUTE_BIT,
                  .module = module,
                  .pName = "main",
                  .pSpecializationInfo = &spec},
        .layout = p->layout,
        .basePipelineIndex = -1,
    };
    TRY_VK(d, CreateComputePipelines, d->device, d->cache, 1, &info, NULL, &p->handle);
out:
    return st;
}

static void destroy(struct vk_device *d, struct vk_pipeline *p)
{
    if (p->handle) {
        d->vi.fn.DestroyPipeline(d->device, p->handle, NULL);
    }
    if (p->layout) {
        d->vi.fn.DestroyPipelineLayout(d->device, p->layout, NULL);
    }
    if (p->set_layout) {
        d->vi.fn.DestroyDescriptorSetLayout(d->device, p->set_layout, NULL);
    }
    mem_free(p);
}

static limn_status create(struct vk_device *d, struct vk_pipeline *p, limn_error *err)
{
    const struct shader *s = &shader_table[p->shader];
    VkShaderModule module = VK_NULL_HANDLE;
    limn_status st = LIMN_OK;
    VkShaderModuleCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO,
        .codeSize = s->n_words * 4,
        .pCode = s->words,
    };
    TRY(create_layouts(d, p, err));
    TRY_VK(d, CreateShaderModule, d->device, &info, NULL, &module);
    TRY(compile(d, p, module, err));
out:
    if (module) {
        d->vi.fn.DestroyShaderModule(d->device, module, NULL);
    }
    return st == LIMN_OK ? st : err_at(err, "shader %s", s->name);
}

limn_status vk_pipeline_get(struct vk_device *d, const struct kernel_call *c, const struct vk_pipeline **out,
                            limn_error *err)
{
    struct vk_pipeline *p = NULL;
    limn_status st = LIMN_OK;
    for (size_t i = 0; i < d->n_pipeline; i++) {
        if (same(d->pipeline[i], c)) {
            *out = d->pipeline[i];
            return LIMN_OK;
        }
    }
    TRY(check_limits(d, c, err));
    TRY(mem_grow(&d->pipeline, &d->cap_pipeline, d->n_pipeline + 1, sizeof(struct vk_pipeline *), err));
    p = mem_zalloc(1, sizeof(*p));
    if (!p) {
        st = err_nomem(err, sizeof(*p), "a pipeline");
        goto out;
    }
    p->shader = c->shader;
    p->n_spec = c->n_spec;
    p->n_bind = c->n_bind;
    memcpy(p->spec, c->spec, sizeof(p->spec));
    for (int i = 0; i < c->n_bind; i++) {
        p->view[i] = c->bind[i].view;
    }
    TRY(create(d, p, err));
    d->pipeline[d->n_pipeline++] = p;
    *out = p;
    return LIMN_OK;
out:
    if (p) {
        destroy(d, p);
    }
    return st;
}

void vk_pipelines_destroy(struct vk_device *d)
{
    for (size_t i = 0; i < d->n_pipeline; i++) {
        destroy(d, d->pipeline[i]);
    }
    mem_free(d->pipeline);
    d->pipeline = NULL;
    d->n_pipeline = d->cap_pipeline = 0;
}
